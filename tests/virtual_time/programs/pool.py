"""multiprocessing.Pool, whose end reads the clock until it moves. pool.py UNIT"""
import multiprocessing
import sys
import time

unit = int(sys.argv[1])


def work(number):
    time.sleep(number * unit)
    return number


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(work, [3600, 120, 60]))
