import asyncio
import datetime
import subprocess
import time


async def sleeper(minutes):
    await asyncio.sleep(60 * minutes)
    print(minutes, "after", datetime.timedelta(seconds=round(time.monotonic() - start)), flush=True)


async def main():
    await asyncio.gather(*(sleeper(minutes) for minutes in (45, 7, 30, 120, 1)))


start = time.monotonic()
print("It is", datetime.datetime.utcnow().strftime("%H:%M"), flush=True)
asyncio.run(main())
subprocess.run(["sleep", "1d"], check=True)
print("It is", datetime.datetime.utcnow().strftime("%H:%M, %d %B"))
