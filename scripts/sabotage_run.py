# The tests of a build, run with a change on or with none, and what each of them comes to.

import collections
import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time

from sabotage_changes import SWITCHES_MAX

QUICK_SECONDS = 0.3                 # tests of one program that take less run in one process
HANG_FACTOR, HANG_SECONDS = 10, 20  # beyond so many times its usual time, and so much more, and what ctest allows, a test hangs
Run = collections.namedtuple("Run", "why seconds reached last")
LOCKS = collections.defaultdict(threading.Lock)  # tests that share one never run beside each other
# A changed program may kill anybody, and remove anything: it sees no process but its own, which end with it, and can write to
# nothing but a /tmp of its own (and to memory, below /dev). A loop that writes or keeps must fill neither the disk nor the
# memory: 4 GiB of each are enough.
CONFINED = ["unshare", *(["--user", "--map-root-user"] if os.getuid() else []), "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc", "sh", "-ec",
            'mount --bind "$SCRATCH" /tmp; for at in $(stat -c %m / "$PWD" | sort -u); do mount -o remount,bind,ro $at; done; '
            'cd "$PWD"; ulimit -c 0; ulimit -f 8388608; ulimit -d 4194304; "$@" || exit $?', "sh"]


class Test:
    """One entry of ctest. `passes`, `seconds` and `reached` are what it did without a change."""

    def __init__(self, entry):
        properties = {each["name"]: each["value"] for each in entry.get("properties", [])}
        self.name, self.command = entry["name"], entry["command"]
        self.cwd, self.limit = properties.get("WORKING_DIRECTORY", "."), float(properties.get("TIMEOUT", 120))
        self.environment = dict(each.split("=", 1) for each in properties.get("ENVIRONMENT", []))
        self.locks = frozenset(properties.get("RESOURCE_LOCK", []))
        self.expected, self.prepares = properties.get("PASS_REGULAR_EXPRESSION", []), bool(properties.get("FIXTURES_SETUP"))
        self.filter = next((word.split("=", 1)[1] for word in self.command if word.startswith("--gtest_filter=")), None)
        self.passes, self.seconds, self.reached = None, 0.0, b""


def tests_of(build):
    text = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, check=True, stdout=subprocess.PIPE).stdout
    return [Test(entry) for entry in json.loads(text)["tests"] if "command" in entry]


def batches_of(tests):
    """Lists of tests that one process can run, the fastest first."""
    groups = collections.defaultdict(list)
    for test in tests:
        is_quick = test.filter is not None and test.seconds < QUICK_SECONDS
        groups[(test.command[0], test.cwd, str(test.environment), test.locks) if is_quick else test.name].append(test)
    return sorted(groups.values(), key=lambda batch: sum(test.seconds for test in batch))


def run(batch, number):
    """Runs the tests of a batch with the change of that number on. Why they fail (for their status, or a hang; empty where they
    pass), how many seconds it took to know, where the number is 0 a byte for each change up to the last that they came to (1
    for those), and which of a program's tests was the last to begin."""
    first, command = batch[0], batch[0].command
    if len(batch) > 1:
        command = [word for word in command if not word.startswith("--gtest_filter=")]
        command += ["--gtest_filter=" + ":".join(test.filter for test in batch), "--gtest_fail_fast"]
    usual = sum(test.seconds for test in batch)
    limit = max(usual * HANG_FACTOR + HANG_SECONDS if usual else 0, first.limit if len(batch) == 1 else 0)
    with contextlib.ExitStack() as held:
        for name in sorted(first.locks):
            held.enter_context(LOCKS[name])
        scratch = held.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        output = held.enter_context(tempfile.TemporaryFile("w+", errors="replace"))
        os.chmod(scratch, 0o1777)
        variables = {**os.environ, **first.environment, "SCRATCH": scratch, "TMPDIR": "/tmp", "STAMPEDE_SABOTAGE": str(number)}
        marks = pathlib.Path(scratch, "reached")
        if number == 0:
            marks.write_bytes(bytes(SWITCHES_MAX))
            marks.chmod(0o666)
            variables["STAMPEDE_SABOTAGE_REACHED"] = "/tmp/reached"
        began = time.monotonic()
        try:
            done = subprocess.run([*([] if first.prepares else CONFINED), *command], cwd=first.cwd, env=variables,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, timeout=limit)
            passed = done.returncode == 0
        except subprocess.TimeoutExpired:
            done = None
        output.seek(0)
        text = output.read()
        if done and first.filter is not None:  # a program that ends in the middle of a test has not passed it
            passed = passed and re.search(r"^\[==========\] \d+ tests? from \d+ test suites? ran\.", text, re.M) is not None
        if first.expected:  # then it alone counts, as for ctest
            passed = any(re.search(each, text, re.S) for each in first.expected)
        last = re.findall(r"^\[ RUN      \] (\S+)", text, re.M)[-1:]
        return Run("hang" if not done else "" if passed else "status", time.monotonic() - began,
                   marks.read_bytes().rstrip(b"\0") if number == 0 else b"", "".join(last))


def try_change(change, tests):
    """What came of one change: its key, outcome, by which test and why, how many come to it, how long it took. A test that
    fails without the change as well, now that it is tried again, has noticed nothing: that was load, or chance."""
    began = time.monotonic()
    reaching = [test for test in tests if test.reached[change.number:change.number + 1] == b"\1"]
    result = {"key": change.key, "outcome": "unnoticed" if reaching else "unreached", "tests": len(reaching)}
    waiting = batches_of(reaching)
    while waiting and result["outcome"] != "noticed":
        batch = waiting.pop(0)
        tried = run(batch, change.number)
        if tried.why and len(batch) > 1:  # each by itself, as ctest runs it, and first the one that was running
            waiting[:0] = sorted(([test] for test in batch), key=lambda one: one[0].filter != tried.last)
        elif tried.why and run(batch, 0).why:
            result.setdefault("fail_without_it", []).append(batch[0].name)
        elif tried.why:
            result.update(outcome="noticed", by=batch[0].name, why=tried.why)
    return {**result, "seconds": round(time.monotonic() - began, 2)}
