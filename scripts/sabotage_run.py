# The tests of a build, run with a change on or with none, and what each of them comes to.

import collections
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time

QUICK_SECONDS = 0.3                 # tests of one program that take less run in one process
HANG_FACTOR, HANG_SECONDS = 10, 20  # beyond so many times its usual time, and so much more, a test hangs
SWITCHES_MAX = 1 << 20              # bytes of the map in which processes mark what they came to (sabotage_changes.py)


class Test:
    """One entry of ctest. `seconds` and `reached` are what it took and came to without a change."""

    def __init__(self, entry):
        properties = {each["name"]: each["value"] for each in entry.get("properties", [])}
        self.name, self.command = entry["name"], entry["command"]
        self.cwd = properties.get("WORKING_DIRECTORY", ".")
        self.environment = dict(each.split("=", 1) for each in properties.get("ENVIRONMENT", []))
        self.locks = frozenset(properties.get("RESOURCE_LOCK", []))
        self.limit = float(properties.get("TIMEOUT", 120))
        self.expected = properties.get("PASS_REGULAR_EXPRESSION", [])
        self.needs = properties.get("FIXTURES_REQUIRED", [])
        self.prepares = properties.get("FIXTURES_SETUP", [])
        self.filter = next((word.split("=", 1)[1] for word in self.command if word.startswith("--gtest_filter=")), None)
        self.seconds, self.reached = 0.0, b""


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


def in_parallel(jobs, items, function):
    """Calls function(item, place) for all items, `jobs` at a time, each time with a place of its own."""
    queue = collections.deque(items)

    def work(place):
        while queue:
            try:
                item = queue.popleft()
            except IndexError:
                return
            function(item, place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bound():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 30, 4 << 30))  # a loop that writes must not fill the disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# A changed program may kill anybody, and remove anything: it sees no process but its own, which end with it, and can write to
# nothing but a /tmp of its own (and to memory, below /dev).
CONFINED = ["unshare", *(["--user", "--map-root-user"] if os.getuid() else []), "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc", "sh", "-ec",
            'mount --bind "$SCRATCH" /tmp; for at in $(stat -c %m / "$PWD" | sort -u); do mount -o remount,bind,ro "$at"; done; '
            'cd "$PWD"; "$@" || exit $?', "sh"]


class Runner:
    """Thread-safe; tests that share a lock never run beside each other."""

    def __init__(self, work):
        self.work, self.locks = work, collections.defaultdict(threading.Lock)

    def why_it_cannot_confine(self):
        """Empty where it can."""
        if pathlib.Path("/tmp") in self.work.parents:
            return f"{self.work} lies below /tmp, which they cannot see"
        with tempfile.TemporaryDirectory() as scratch:
            done = subprocess.run([*CONFINED, "true"], cwd=self.work, env={**os.environ, "SCRATCH": scratch}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return "" if done.returncode == 0 else done.stdout.strip() or f"unshare ended with {done.returncode}"

    def run(self, batch, number, place):
        """Whether the tests of a batch pass with the change of that number on, how many seconds it took to know, and, where the
        number is 0, a byte for each change: 1 where they came to it."""
        first = batch[0]
        command = list(first.command)
        if len(batch) > 1:
            command = [word for word in command if not word.startswith("--gtest_filter=")]
            command += ["--gtest_filter=" + ":".join(test.filter for test in batch), "--gtest_fail_fast"]
        environment = {**os.environ, **first.environment, "STAMPEDE_SABOTAGE": str(number)}
        usual = sum(test.seconds for test in batch)
        limit = usual * HANG_FACTOR + HANG_SECONDS if usual else first.limit
        locks = [self.locks[name] for name in sorted(first.locks)]
        for lock in locks:
            lock.acquire()
        began = time.monotonic()
        try:
            with (tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
                  open(self.work / f"output{place}.log", "w+", errors="replace") as output):
                marks = pathlib.Path(scratch, "reached")
                os.chmod(scratch, 0o1777)
                environment.update(SCRATCH=scratch, TMPDIR="/tmp")
                if number == 0:
                    marks.write_bytes(bytes(SWITCHES_MAX))
                    marks.chmod(0o666)
                    environment["STAMPEDE_SABOTAGE_REACHED"] = "/tmp/reached"
                process = subprocess.Popen([*([] if first.prepares else CONFINED), *command], cwd=first.cwd, env=environment,
                                           stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                           preexec_fn=bound)
                try:
                    passed = process.wait(limit) == 0
                except subprocess.TimeoutExpired:
                    passed = False
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                seconds = time.monotonic() - began
                output.seek(0)
                text = output.read()
                if first.filter is not None:  # a program that ends in the middle of a test has not passed it
                    passed = passed and re.search(r"^\[==========\] \d+ tests? from \d+ test suites? ran\.", text, re.M) is not None
                if first.expected:  # then it alone counts, as for ctest
                    passed = any(re.search(each, text, re.S) for each in first.expected)
                return passed, seconds, marks.read_bytes() if number == 0 else b""
        finally:
            for lock in locks:
                lock.release()


def run_without_change(tests, runner, jobs, last, tell):
    """Sets each test's time and which of the changes up to `last` it comes to; returns those that pass and can be run again."""
    passing, done = set(), []

    def one(test, place):
        passed, test.seconds, reached = runner.run([test], 0, place)
        test.reached = reached[:last + 1]
        done.append(test)
        if passed:
            passing.add(test)
        tell(f"without a change: test {len(done)} of {len(tests)}")

    for part in ([t for t in tests if t.prepares], [t for t in tests if not t.prepares]):
        in_parallel(jobs, part, one)
    return [test for test in tests if test in passing and not test.prepares], [test.name for test in tests if test not in passing]


def try_change(change, tests, runner, place):
    """What came of one change: its key, outcome, by which test, how many come to it, how long it took."""
    began = time.monotonic()
    reaching = [test for test in tests if test.reached[change.number]]
    result = {"key": change.key, "outcome": "unnoticed" if reaching else "unreached", "tests": len(reaching)}
    for batch in batches_of(reaching):
        if not runner.run(batch, change.number, place)[0]:
            result.update(outcome="noticed", by=batch[0].name if len(batch) == 1 else os.path.basename(batch[0].command[0]))
            break
    return {**result, "seconds": round(time.monotonic() - began, 2)}
