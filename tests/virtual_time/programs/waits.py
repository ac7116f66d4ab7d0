"""asyncio, Timer, alarm, subprocess. waits.py UNIT"""
import asyncio
import signal
import subprocess
import sys
import threading
import time

unit = int(sys.argv[1])


async def many():
    await asyncio.gather(*(asyncio.sleep(unit * i / 100) for i in range(100)))
    await asyncio.sleep(100 * unit)


if __name__ == "__main__":
    start = time.monotonic()
    asyncio.run(many())
    print("asyncio", flush=True)
    event = threading.Event()
    threading.Timer(10 * unit, event.set).start()
    print(event.wait(1000), flush=True)
    signal.signal(signal.SIGALRM, lambda number, frame: print("alarm", flush=True))
    signal.setitimer(signal.ITIMER_REAL, 5 * unit or 0.000001)
    signal.pause() if unit else time.sleep(0.001)
    subprocess.run(["sleep", str(7 * unit)], check=True)
    print(int(time.monotonic() - start) if unit else "end")
