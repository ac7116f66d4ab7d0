# Timers and signals.
import os
import sched
import signal
import threading
import time

start = time.monotonic()
alarms = 0


def on_alarm(_number, _frame):
    global alarms
    alarms += 1


signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
while alarms < 3:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)

fired = threading.Event()
threading.Timer(0.01, fired.set).start()
print("timer", fired.wait(10))

scheduler = sched.scheduler()
order = []
scheduler.enter(0.01, 1, order.append, ("second",))
scheduler.enter(0.001, 1, order.append, ("first",))
scheduler.run()
print(" ".join(order))

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigtimedwait([signal.SIGUSR1], 10).si_signo == signal.SIGUSR1)
time.sleep(0.01)
print("later", time.monotonic() - start >= 0.04)
