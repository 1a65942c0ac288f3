#!/usr/bin/env python3
# Runs clang-tidy on the sources of a build, leaving out what was clean before and has not changed since.
"""usage: scripts/tidy.py [--build build/dev] [--jobs N] [--all] [--changed] [--no-tests] [FILE...]

A file counts as unchanged when it, every project header that it includes, its compile command and .clang-tidy are the same.
Files whose compile commands agree are looked at a dozen at a time, as one that includes them all: most of the work is the
headers. Where such a group is not clean, or does not compile, its halves are looked at, and so on: what is found counts in a
file by itself only.
With --changed: only what differs from where this branch left main (on main: from the commit before), and what includes it,
directly or not; everything where that commit is not known, or where .clang-tidy or this script differ. A file that differs
itself is looked at alone, so that what it forgets to include shows.
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
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
# What a file declares for itself: two files that both do so cannot be in one group.
UNNAMED = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.M | re.S)
DECLARED = re.compile(r"^(?:\[\[\w+\]\] )?(?:(?:struct|class|enum class|enum|union) (\w+)|using (\w+) =|"
                      r"(?!using |#|//|\}|namespace )[A-Za-z][^=({;]*?(\w+)\s*(?:\[\w*\]\s*)?[=({;])", re.M)
ENTRY_POINT = re.compile(r'^(?:extern "C" )?int (main|LLVMFuzzer\w+)\(', re.M)
GROUP_SIZE_MAX = 12
TIDIES = {".clang-tidy", "scripts/tidy.py"}
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


def git(*arguments):
    """What git prints, without the last newline; nothing where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def changed_files():
    """The paths that differ from the merge base with main, in commits or not, and the base; no paths where it is not known."""
    for main in ("origin/main", "main"):
        base = git("merge-base", "HEAD", main)
        if base and base == git("rev-parse", "HEAD"):
            base = git("rev-parse", "--verify", "HEAD^")
        if base:
            differ, untracked = git("diff", "--name-only", "-z", base), git("ls-files", "-z", "--others", "--exclude-standard")
            if differ is not None and untracked is not None:
                return set((differ + untracked).split("\0")) - {""}, base
    return None, None


class Job:
    """One file to look at."""

    def __init__(self, path, entry, mark, is_alone=False):
        self.path, self.mark, self.is_alone = path, mark, is_alone
        self.command = entry.get("command") or " ".join(entry["arguments"])
        self.directory, self.file = entry["directory"], entry["file"]
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        unnamed = "".join(UNNAMED.findall(text))
        self.names = {next(filter(None, names)) for names in DECLARED.findall(unnamed)} | set(ENTRY_POINT.findall(text))

    def flags(self):
        return re.sub(r" -o \S+", "", self.command.replace(self.file, ""))


def tidy(build, path):
    """Whether it is clean, and what was said."""
    done = subprocess.run(["clang-tidy-19", "--quiet", "-p", build, path], cwd=ROOT, capture_output=True, text=True, check=False)
    clean = done.returncode == 0 and not FINDING.search(done.stdout)
    return clean, done.stdout or done.stderr


def is_clean_together(group, scratch):
    folder = tempfile.mkdtemp(dir=scratch)
    source = os.path.join(folder, "group.cc")
    with open(source, "w", encoding="utf-8") as file:
        file.writelines(f'#include "{job.file}"\n' for job in group)
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump([{"directory": group[0].directory, "file": source,
                    "command": group[0].command.replace(group[0].file, source)}], file)
    return tidy(folder, source)[0]


def check(group, build, scratch):
    """The verdicts on a group's files: path, whether it is clean, what was said."""
    if len(group) == 1:
        results = [(group[0].path, *tidy(build, group[0].path))]
    elif is_clean_together(group, scratch):
        results = [(job.path, True, "") for job in group]
    else:
        # Mostly two files that cannot be in one group, seldom a finding.
        middle = len(group) // 2
        return check(group[:middle], build, scratch) + check(group[middle:], build, scratch)
    for job, (_, clean, _) in zip(group, results):
        if clean:
            Path(job.mark).touch()
    return results


def groups_of(jobs):
    """Groups of files with the same flags and without a name in common, the largest first."""
    groups = []
    for job in jobs:
        for group, names in groups:
            is_apart = job.is_alone or group[0].is_alone
            if not is_apart and len(group) < GROUP_SIZE_MAX and group[0].flags() == job.flags() and not names & job.names:
                group.append(job)
                names |= job.names
                break
        else:
            groups.append(([job], set(job.names)))
    return sorted((group for group, _ in groups), key=len, reverse=True)


def plan_jobs(options, cache):
    with open(os.path.join(options.build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    version = subprocess.run(["clang-tidy-19", "--version"], capture_output=True, check=True).stdout
    with open(os.path.join(ROOT, ".clang-tidy"), "rb") as file:
        tool = version + file.read()
    wanted = {os.path.relpath(os.path.abspath(name), ROOT) for name in options.files}
    jobs, total, planned = [], 0, set()
    changed, base = changed_files() if options.changed else (None, None)
    if changed is not None and not changed.isdisjoint(TIDIES):
        changed = None
    if options.changed:
        print("clang-tidy: every file, since it is not known what differs" if changed is None else
              f"clang-tidy: what differs from {base[:12]}, and what includes it")
    for entry in entries:
        path = os.path.relpath(os.path.realpath(os.path.join(entry["directory"], entry["file"])), ROOT)
        # Generated and foreign files are not ours; a source of two targets is looked at once.
        if path.startswith(("..", "build/")) or path in planned or (wanted and path not in wanted):
            continue
        if options.no_tests and path.endswith("_test.cc"):
            continue
        planned.add(path)
        if changed is not None:
            seen = {}
            closure(path, seen)
            if changed.isdisjoint(seen):
                continue
        total += 1
        mark = os.path.join(cache, key_of(path, entry.get("command") or " ".join(entry["arguments"]), tool))
        if options.all or not os.path.exists(mark):
            jobs.append(Job(path, entry, mark, changed is not None and path in changed))
    return jobs, total, bool(planned)


def main(arguments=None):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[0][7:], epilog=__doc__.split("\n\n", 1)[1])
    parser.add_argument("--build", default=os.path.join(ROOT, "build/dev"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--all", action="store_true", help="look at unchanged files too")
    parser.add_argument("--changed", action="store_true", help="only what differs from main, and what includes it")
    parser.add_argument("--no-tests", action="store_true", help="leave *_test.cc out")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args(arguments)
    options.build = os.path.abspath(options.build)
    if not shutil.which("clang-tidy-19"):
        fail(3, "clang-tidy-19 is missing: run scripts/setup.sh")
    if not os.path.isfile(os.path.join(options.build, "compile_commands.json")):
        fail(3, f"{options.build} holds no compile_commands.json: configure a preset first")
    cache = os.path.join(ROOT, "build/tidy-cache")
    os.makedirs(cache, exist_ok=True)
    jobs, total, has_files = plan_jobs(options, cache)
    if not has_files:
        fail(1, "no files: a run that checks nothing fails")
    started, bad, done, shown = time.monotonic(), 0, 0, set()
    with tempfile.TemporaryDirectory(dir=cache) as scratch, ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for results in pool.map(lambda group: check(group, options.build, scratch), groups_of(jobs)):
            for path, clean, output in results:
                bad += not clean
                done += 1
                if not clean and output not in shown:
                    shown.add(output)
                    print(("\r\033[K" if sys.stdout.isatty() else "") + output.replace(ROOT + "/", "").rstrip())
            if sys.stdout.isatty():
                print(f"\r\033[K[{done}/{len(jobs)}] {results[-1][0]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    print(f"clang-tidy: {total} files, {total - len(jobs)} unchanged since they were clean, {bad} with findings "
          f"({time.monotonic() - started:.1f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
