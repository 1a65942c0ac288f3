#!/usr/bin/env python3
# Says whether live is possible here, by nothing of ours: makes a notifying seccomp filter and answers one call.
"""usage: scripts/live_probe.py [--process-numbers] [PROGRAM...]

Also whether a namespace of process numbers can be made, and whether each PROGRAM is in the PATH, where that is asked.
Exit status: 0 possible; 3 not (and why); anything else is a fault of the probe.
"""

import ctypes
import errno
import os
import platform
import select
import shutil
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

LIBC = ctypes.CDLL(None, use_errno=True)
SECCOMP = {"x86_64": 317, "aarch64": 277}
GETPPID = {"x86_64": 110, "aarch64": 173}
NO_NEW_PRIVILEGES, SET_MODE_FILTER, NEW_LISTENER, WAIT_KILLABLE = 38, 1, 1 << 3, 1 << 5
RECEIVE, SEND = 0xC0502100, 0xC0182101  # of struct seccomp_notif and struct seccomp_notif_resp
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NOTIFY, ALLOW = 0x7FC00000, 0x7FFF0000
NEW_USER, NEW_PIDS = 0x10000000, 0x20000000
ANSWER = -4711  # the number of nobody's parent


def checked(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def filter_one_call(number):
    """Of the calling thread: one call comes to the listener, whose descriptor this returns."""
    code = b"".join(struct.pack("HBBI", *line) for line in (
        (LOAD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, NOTIFY), (RETURN, 0, 0, ALLOW)))
    lines = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(lines))
    checked(LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    return checked(LIBC.syscall(SECCOMP[platform.machine()], SET_MODE_FILTER, NEW_LISTENER | WAIT_KILLABLE, program),
                   "a notifying filter")


def answers_one_call():
    """Whether a thread's call came to what it was answered, and whether it is the one that was stopped."""
    number, stop = GETPPID[platform.machine()], ctypes.create_string_buffer(80)
    with ThreadPoolExecutor(1) as thread:  # the filter is the thread's alone
        listener = thread.submit(filter_one_call, number).result()
        try:
            call = thread.submit(LIBC.syscall, number)
            if not select.select([listener], [], [], 30)[0]:
                raise OSError(errno.ETIME, "no call came to the listener")
            checked(LIBC.ioctl(listener, ctypes.c_ulong(RECEIVE), stop), "receiving a stop")
            answer = stop.raw[:8] + struct.pack("qiI", ANSWER, 0, 0)
            checked(LIBC.ioctl(listener, ctypes.c_ulong(SEND), answer), "answering")
            return call.result() == ANSWER, struct.unpack_from("i", stop.raw, 16)[0] == number
        finally:
            os.close(listener)  # ends a call that was not answered


def makes_process_numbers():
    child = os.fork()
    if child == 0:
        os._exit(LIBC.unshare(NEW_PIDS | (NEW_USER if os.geteuid() else 0)) != 0)
    return os.waitpid(child, 0)[1] == 0


def why_not(arguments):
    """Empty where all that is asked for is possible."""
    for program in arguments:
        if program != "--process-numbers" and not shutil.which(program):
            return f"{program} is not in the PATH"
    if "--process-numbers" in arguments and not makes_process_numbers():
        return "no namespace of process numbers"
    try:
        return "" if all(answers_one_call()) else "a call was not answered as it was meant"
    except OSError as error:
        return error.strerror


if __name__ == "__main__":
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__)
        sys.exit(0)
    reason = why_not(sys.argv[1:])
    print(reason or "live is possible here")
    sys.exit(3 if reason else 0)
