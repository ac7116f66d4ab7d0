# Processes: subprocess, fork, and a pool that shares a counter.
import multiprocessing
import os
import signal
import subprocess


def square(number):
    return number * number


def count(counter):
    with counter.get_lock():
        counter.value += 1


if __name__ == "__main__":
    shell = subprocess.run(["sh", "-c", "echo from $NAME; exit 7"], env={"NAME": "a shell"},
                           capture_output=True, text=True, cwd="/tmp")
    print(shell.stdout, end="")
    print("status", shell.returncode)
    print(subprocess.check_output(["sort"], input="pear\napple\n", text=True), end="")
    sleeper = subprocess.Popen(["sleep", "60"])
    sleeper.send_signal(signal.SIGKILL)
    print("signal", -sleeper.wait(10), flush=True)
    with multiprocessing.Pool(3) as pool:
        print("squares", pool.map(square, range(5)), flush=True)
    counter = multiprocessing.Value("i", 0)
    workers = [multiprocessing.Process(target=count, args=(counter,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("counter", counter.value, flush=True)
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        print("spawned", pool.apply(square, (9,)), flush=True)
    child = os.fork()
    if child == 0:
        os._exit(3)
    print("fork", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
