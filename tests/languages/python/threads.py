# Threads behind a queue; a lock of each kind; a pool; a barrier.
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

numbers = queue.Queue()
lock = threading.Lock()
total = 0
taken = 0


def work():
    global total, taken
    while True:
        number = numbers.get()
        if number is None:
            return
        with lock:
            total += number
            taken += 1


workers = [threading.Thread(target=work) for _ in range(8)]
for worker in workers:
    worker.start()
for number in range(1, 1001):
    numbers.put(number)
for _ in workers:
    numbers.put(None)
for worker in workers:
    worker.join()
print(f"{taken} taken, sum {total}")

with ThreadPoolExecutor(max_workers=4) as pool:
    print("squares", sum(pool.map(lambda n: n * n, range(100))))

barrier = threading.Barrier(4)
passed = threading.Semaphore(0)
for _ in range(3):
    threading.Thread(target=lambda: (barrier.wait(10), passed.release())).start()
barrier.wait(10)
print("barrier", all(passed.acquire(timeout=10) for _ in range(3)))
