#!/usr/bin/env python3
# Runs clang-tidy on the sources of a build, leaving out what was clean before and has not changed since.
"""usage: scripts/tidy.py [--build build/release] [--jobs N] [--all] [--no-tests] [FILE...]

A file counts as unchanged when it, every project header that it includes, its compile command and .clang-tidy are the same.
Exit status: 0 nothing found; 1 something found; 2 usage; 3 clang-tidy-19 or the build's compile commands are missing.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
FINDING = re.compile(r"^(.+?):(\d+):\d+: (error|warning): ", re.M)


def fail(status, message):
    print(f"tidy.py: {message}", file=sys.stderr)
    sys.exit(status)


def closure(path, seen):
    """Adds `path` and every project file that it includes, directly or not, to `seen`: path -> bytes."""
    if path in seen or not os.path.isfile(os.path.join(ROOT, path)):
        return
    with open(os.path.join(ROOT, path), "rb") as file:
        seen[path] = file.read()
    for name in INCLUDE.findall(seen[path]):
        closure(os.fsdecode(name), seen)


def key_of(path, command, tool):
    seen = {}
    closure(path, seen)
    digest = hashlib.sha256(tool + command.encode())
    for name in sorted(seen):
        digest.update(name.encode() + b"\0" + hashlib.sha256(seen[name]).digest())
    return digest.hexdigest()


def check(job):
    path, build, mark = job
    started = time.monotonic()
    done = subprocess.run(["clang-tidy-19", "--quiet", "-p", build, path], cwd=ROOT, capture_output=True, text=True, check=False)
    clean = done.returncode == 0 and not FINDING.search(done.stdout)
    if clean:
        with open(mark, "w", encoding="utf-8"):
            pass
    return path, clean, done.stdout + ("" if done.stdout or clean else done.stderr), time.monotonic() - started


def plan_jobs(options, cache):
    with open(os.path.join(options.build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    version = subprocess.run(["clang-tidy-19", "--version"], capture_output=True, check=True).stdout
    with open(os.path.join(ROOT, ".clang-tidy"), "rb") as file:
        tool = version + file.read()
    wanted = {os.path.relpath(os.path.abspath(name), ROOT) for name in options.files}
    jobs, total, planned = [], 0, set()
    for entry in entries:
        path = os.path.relpath(os.path.realpath(os.path.join(entry["directory"], entry["file"])), ROOT)
        # Generated and foreign files are not ours; a source of two targets is looked at once.
        if path.startswith(("..", "build/")) or path in planned or (wanted and path not in wanted):
            continue
        if options.no_tests and path.endswith("_test.cc"):
            continue
        planned.add(path)
        total += 1
        mark = os.path.join(cache, key_of(path, entry.get("command") or " ".join(entry["arguments"]), tool))
        if options.all or not os.path.exists(mark):
            jobs.append((path, options.build, mark))
    return jobs, total


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[0][7:], epilog=__doc__.split("\n\n", 1)[1])
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--all", action="store_true", help="look at unchanged files too")
    parser.add_argument("--no-tests", action="store_true", help="leave *_test.cc out")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    if not shutil.which("clang-tidy-19"):
        fail(3, "clang-tidy-19 is missing: run scripts/setup.sh")
    if not os.path.isfile(os.path.join(options.build, "compile_commands.json")):
        fail(3, f"{options.build} holds no compile_commands.json: configure a preset first")
    cache = os.path.join(ROOT, "build/tidy-cache")
    os.makedirs(cache, exist_ok=True)
    jobs, total = plan_jobs(options, cache)
    if total == 0:
        fail(1, "no files: a run that checks nothing fails")
    started, bad, shown = time.monotonic(), 0, set()
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for number, (path, clean, output, seconds) in enumerate(pool.map(check, jobs), 1):
            bad += not clean
            if sys.stdout.isatty():
                print(f"\r\033[K[{number}/{len(jobs)}] {path} {seconds:.1f} s", end="", flush=True)
            if not clean and output not in shown:
                shown.add(output)
                print(("\r\033[K" if sys.stdout.isatty() else "") + output.replace(ROOT + "/", "").rstrip())
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    print(f"clang-tidy: {total} files, {total - len(jobs)} unchanged since they were clean, {bad} with findings "
          f"({time.monotonic() - started:.1f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
