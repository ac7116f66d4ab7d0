# heap.py MEBIBYTES: keeps as much.
import sys

blocks = [bytearray(b"x") * (1 << 20) for _ in range(int(sys.argv[1]))]
print(len(blocks), "MiB")
