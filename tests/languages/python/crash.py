# crash.py raise | recursion | overflow | abort | exit: the usual ends of a Python program.
import os
import sys


def depth(below):
    return depth(below + 1) + 1


def through_c(_):
    return list(map(through_c, [0]))


how = sys.argv[1]
if how == "raise":
    raise ValueError("nobody catches this")
if how == "recursion":
    depth(0)
if how == "overflow":
    sys.setrecursionlimit(10**9)
    through_c(0)
if how == "abort":
    os.abort()
sys.exit(3)
