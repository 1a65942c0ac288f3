#!/usr/bin/env python3
# Breaks the code on purpose, one small change at a time, and lists what no test notices.
"""usage: scripts/sabotage.py [FOLDER|SCRIPT.py ...] [--seed N] [--sample N] [--minutes M] [--jobs N] [--only KEY,...]
                           [--work DIR] [--json]

Derives changes from the syntax trees of the C++ sources below the folders, and of their Python scripts; tests are left out.
Without a folder: what makes, judges and tells the project's figures (see DEFAULT). A change is

  dropped    a statement that is a call, an assignment or a jump is not executed
  negated    a condition, or an operand of && or ||, is the contrary
  moved      < is <=, == is !=, and so on
  constant   a number is one more, a truth value the other, an enumerator the next
  field      another field of the same type is read or written
  quotient   a / b is b / a
  success    an error, or a value, is returned as success, or as nothing

All chosen changes are built once, in a copy of the tree below the work folder, each behind a switch that the environment
turns on. All tests run once without a change, which tells which changes each one comes to. Then each change meets the tests
that come to it, the fastest first, until one fails, by its status or by a hang: longer than ctest allows, and far longer than
usual. Where it fails without the change, too, as it is tried again, it has noticed nothing. Texts are never changed. What
cannot be switched is counted by its reason: what stands in constexpr, templates, NAME(...) and formatted text; results of
lambdas but int; patterns, chains of comparisons; in Python a first assignment, and what stands behind another statement; what
is compiled nowhere, or refused by the compiler.

Results are kept in the work folder for this state of the tree: after an interruption the same command goes on; what --only
names is tried again. corpus/equivalent_changes.txt holds the changes that nobody could see, each with the reason.

  scripts/sabotage.py harness/judge --sample 100 --seed 7 --minutes 30

Exit status: 0 all that was tried was noticed, or is judged equivalent; 1 something was not; 2 usage; 3 it cannot be done here;
130 interrupted.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import importlib.util
import json
import os
import pathlib
import pickle
import re
import shlex
import signal
import subprocess
import sys
import time

import sabotage_changes as derive
import sabotage_cxx
import sabotage_run

DEFAULT = ["harness/run", "harness/judge", "harness/cli", "harness/faults", "harness/free", "fuzz", "scripts"]
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
EQUIVALENT = "corpus/equivalent_changes.txt"
TESTS = re.compile(r"(_test\.(cc|h|py)|_for_test\.(cc|h|py)|_property\.cc)$")
FLAGS = ["-DCMAKE_CXX_FLAGS=-w", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -DNDEBUG", "-DSTAMPEDE_PRECOMPILE=gtest"]  # each alone


def fail(status, message):
    print(f"sabotage.py: {message}", file=sys.stderr)
    sys.exit(status)


def say(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


class Tree:
    """The copy that is changed, which is tree/ below the work folder, and what the sources were when this began."""

    def __init__(self, root, work):
        self.root, self.work, self.top, self.build = root, work, work / "tree", work / "tree/build/release"
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode(errors="surrogateescape")
        self.sources = {name: (root / name).read_bytes() for name in sorted(names.split("\0")) if (root / name).is_file()}
        judged = [item for item in self.sources.items() if item[0] != EQUIVALENT]
        self.state = hashlib.sha256(repr(judged).encode()).hexdigest()[:16]

    def lay(self, changed=None):
        """The tree as it is, but for the files in `changed` (name -> bytes). None: sources stay what the last run made of them,
        so that they are not compiled twice; nobody reads them before they are laid again."""
        for name, source in self.sources.items():
            path, text = self.top / name, (changed or {}).get(name, source)
            may_stay = changed is None and name.endswith((".cc", ".h", ".py"))
            if not path.exists() or (path.read_bytes() != text and not may_stay):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
            path.chmod((self.root / name).stat().st_mode)
        for path in [path for folder in self.top.iterdir() if folder.name != "build" for path in folder.rglob("*")]:
            if path.is_file() and str(path.relative_to(self.top)) not in self.sources:
                path.unlink()

    def run(self, log, *command):
        """Its exit status; what it prints goes to the file. An interrupt, which waits until it can, ends all that it starts."""
        signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
        unblock = lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        with open(self.work / log, "wb") as out, subprocess.Popen(
                command, cwd=self.top, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=unblock) as process:
            try:
                unblock()
                return process.wait()
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                raise


def changes_of(tree, places, jobs):
    """All changes of the places, named. They are kept, since a parser takes seconds for a source."""
    kept_file = tree.work / f"derived-{hashlib.sha256(repr((tree.state, places)).encode()).hexdigest()[:16]}"
    if kept_file.exists():
        return pickle.loads(kept_file.read_bytes())
    names = [name for name in tree.sources if any(map(pathlib.Path(name).is_relative_to, places)) and not TESTS.search(name)]
    changes = [change for name in names if name.endswith(".py")
               for change in derive.PythonChanges(name, tree.sources[name]).changes]
    wanted = {str(tree.top / name) for name in names}
    sources = {str(tree.top / name): source for name, source in tree.sources.items() if name.endswith((".cc", ".h"))}
    units = {entry["file"]: shlex.split(entry["command"])[1:]
             for entry in json.loads((tree.build / "compile_commands.json").read_text()) if entry["file"] in wanted}
    changes += [derive.Change(name, "", "source", (0, 0), [], b"", "compiled nowhere")
                for name in names if name.endswith(".cc") and str(tree.top / name) not in units]
    found, pool = {}, concurrent.futures.ProcessPoolExecutor(jobs)
    try:
        futures = [pool.submit(sabotage_cxx.cxx_changes, str(tree.top), sources, wanted, unit) for unit in units.values()]
        for done, future in enumerate(futures, 1):
            say(f"reading {done} of {len(units)} sources")
            some, errors = future.result()
            if errors:
                fail(3, f"a source cannot be read: {errors[0]}")
            found.update({(change.file, change.start, change.end, change.kind, change.becomes): change for change in some})
    finally:
        pool.shutdown(cancel_futures=True)
    changes += found.values()
    derive.name_all(changes)
    kept_file.write_bytes(pickle.dumps(changes))
    return changes


def in_order(changes, seed):
    """By a hash of seed and key, so that a sample stays what it is where other code changes."""
    return sorted(changes, key=lambda c: hashlib.sha256(f"{seed}:{c.key}".encode()).digest())


def at_fault(tree, texts, log):
    """What a compiler complains about: the smallest changes around it; else those on the line; else all of the file."""
    bad = {}
    for file, line, column in re.findall(r"^(/[^:\n]+):(\d+):(\d+): (?:fatal )?error: ", log, re.M):
        text, spans = texts.get(name := os.path.relpath(file, tree.top), (b"", []))
        lengths = [len(each) + 1 for each in text.split(b"\n")]
        begin, end = sum(lengths[:int(line) - 1]), sum(lengths[:int(line)])
        around = [(b - a, change.key) for a, b, change in spans if a < begin + int(column) <= b]
        on_line = {change.key: "one by one" for a, b, change in spans if a < end and begin < b}
        whole = {change.key: f"all of {name}" for _, _, change in spans}
        bad |= {min(around)[1]: "one by one"} if around else on_line or whole
    return bad


def build(tree, ordered, count, refused_file, jobs):
    """Builds the first `count` changes that compile. Returns them, and what was refused, which is kept in the file."""
    refused = json.loads(refused_file.read_text()) if refused_file.exists() else {}
    while True:
        chosen = [change for change in ordered if change.key not in refused][:count]
        texts = {name: derive.rewritten(name, tree.sources[name], [change for change in chosen if change.file == name])
                 for name in {change.file for change in chosen}}
        tree.lay({name: text for name, (text, _) in texts.items()})
        say(f"building {len(chosen)} changes in {len(texts)} files")
        if tree.run("build.log", "cmake", "--build", tree.build, "-j", str(jobs), "--", "-k", "0") == 0:
            return chosen, refused
        bad = at_fault(tree, texts, (tree.work / "build.log").read_text(errors="replace"))
        if not bad:
            fail(3, f"the copy cannot be built: {tree.work}/build.log")
        refused |= bad
        refused_file.write_text(json.dumps(refused))


def read_equivalent(file):
    """key -> reason. Lines: key, reason; comments behind #."""
    reasons = {}
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else [], 1):
        if line.strip() and not line.startswith("#"):
            parts = re.fullmatch(r"([0-9a-f]{12}) +(\S.*)", line)
            if not parts:
                fail(2, f"{file}:{number}: expected \"<key of 12 hexadecimal digits> <reason>\", got \"{line}\"")
            reasons[parts[1]] = parts[2].rstrip()
    return reasons


def outcome_of(change, results, equivalent):
    outcome = results.get(change.key, {"outcome": "not tried"})["outcome"]
    return "equivalent" if outcome in ("unnoticed", "unreached") and change.key in equivalent else outcome


def totals_of(chosen, results, equivalent):
    counts = collections.Counter(outcome_of(change, results, equivalent) for change in chosen)
    judged = counts["noticed"] + counts["unnoticed"] + counts["unreached"]
    counts.update(f"by {results[c.key]['why']}" for c in chosen if outcome_of(c, results, equivalent) == "noticed")
    return counts, counts["noticed"] / judged if judged else None


def text_of(chosen, results, equivalent, blocked, refused, found):
    counts, share = totals_of(chosen, results, equivalent)
    columns, deaf = ("noticed", "unnoticed", "unreached", "equivalent"), collections.defaultdict(list)
    for c in sorted(chosen, key=lambda each: (each.file, each.line)):
        if (outcome := outcome_of(c, results, equivalent)) in ("unnoticed", "unreached"):
            where, becomes = f"{c.line} {c.function}".strip(), c.becomes.replace("\0", "N")[:120]
            deaf[c.file].append(f"  {c.key} {where}: {c.kind}, {outcome}: {c.text[:90]}  =>  {becomes}")
    lines = [line for file, some in deaf.items() for line in (file, *some)]
    lines += ["", "kind".ljust(12) + "".join(f"{name:>12}" for name in columns)]
    by_kind = collections.Counter((c.kind, outcome_of(c, results, equivalent)) for c in chosen)
    for kind in sorted({change.kind for change in chosen}):
        lines.append(kind.ljust(12) + "".join(f"{by_kind[kind, name]:>12}" for name in columns))
    reasons, refusals = (", ".join(f"{why} {number}" for why, number in sorted(some.items())) for some in (blocked, refused))
    lines += ["", f"changes found: {found}; of these cannot be switched: {reasons}; refused by the compiler: {refusals or 0}",
              f"tried {len(chosen) - counts['not tried']} of {len(chosen)}: {counts['noticed']} noticed "
              f"({counts['by status']} by a status, {counts['by hang']} by a hang), "
              f"{counts['unnoticed']} not noticed, {counts['unreached']} that no test comes to, {counts['equivalent']} judged "
              f"equivalent; noticed of the rest: " + ("n/a" if share is None else f"{share * 100:.1f} %")]
    return "\n".join(lines)


def json_of(chosen, results, equivalent, blocked, refused, found):
    counts, share = totals_of(chosen, results, equivalent)
    changes = [{**{name: getattr(c, name) for name in ("key", "file", "line", "function", "kind", "text")},
                **results.get(c.key, {"outcome": "not tried"}), "equivalent": equivalent.get(c.key)} for c in chosen]
    return json.dumps({"found": found, "blocked": blocked, "refused": refused, "chosen": len(chosen), "counts": counts,
                       "share": share, "changes": changes}, indent=1)


def try_all(chosen, all_tests, jobs, results_file, results, deadline):
    """Tries what has no result yet, until the deadline or an interrupt; says whether it was interrupted."""
    stopped = []
    for number in INTERRUPTS:
        signal.signal(number, lambda *_: stopped.append(True))

    def run_without_change(test):
        why, test.seconds, test.reached, _ = sabotage_run.run([test], 0)
        test.passes = not why
        say(f"without a change: {test.name}")

    def try_one(change):
        result = None if stopped or time.monotonic() >= deadline else sabotage_run.try_change(change, tests)
        if result and not stopped:  # what was on the way may have been interrupted, too
            results[change.key] = result
            with open(results_file, "a") as out:
                out.write(json.dumps(result) + "\n")
            say(f"{len(results)} of {len(chosen)} tried, {sum(r['outcome'] == 'noticed' for r in results.values())} noticed")

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(run_without_change, [test for test in all_tests if test.prepares]))
        list(pool.map(run_without_change, [test for test in all_tests if not test.prepares]))
        say("")
        if failing := [test.name for test in all_tests if not test.passes]:
            print(f"not used, since they fail without a change: {', '.join(failing)}", file=sys.stderr)
        tests = [test for test in all_tests if test.passes and not test.prepares]
        list(pool.map(try_one, [change for change in chosen if change.key not in results]))
    say("")
    return bool(stopped)


def options_of(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.format_help = lambda: __doc__
    parser.add_argument("places", nargs="*", default=DEFAULT)
    for name, kind, default in (
            ("--seed", int, 0), ("--sample", int, derive.SWITCHES_MAX), ("--minutes", float, float("inf")),
            ("--jobs", int, os.cpu_count()), ("--only", str, ""), ("--work", pathlib.Path, None),
            ("--root", pathlib.Path, pathlib.Path(__file__).resolve().parent.parent)):  # another project, in tests
        parser.add_argument(name, type=kind, default=default)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if missing := [place for place in options.places if not (options.root / place).exists()]:
        fail(2, f"{missing[0]}: no such folder or script")
    if min(options.jobs, options.sample, options.minutes) <= 0:
        fail(2, "--jobs, --sample and --minutes are more than 0")
    return options


def main(arguments):
    options = options_of(arguments)
    for number in INTERRUPTS:
        signal.signal(number, lambda *_: sys.exit(130))
    deadline = time.monotonic() + options.minutes * 60
    if importlib.util.find_spec("clang") is None:
        fail(3, "python3-clang-19 is missing; scripts/setup.sh installs it")
    work = (options.work or options.root / "build/sabotage").resolve()
    work.mkdir(parents=True, exist_ok=True)
    if pathlib.Path("/tmp") in work.parents:
        fail(3, f"changed programs cannot be confined: {work} lies below /tmp, which they cannot see")
    done = subprocess.run([*sabotage_run.CONFINED, "true"], cwd=work, env=os.environ | {"SCRATCH": "/tmp"}, capture_output=True)
    if done.returncode:
        fail(3, f"changed programs cannot be confined: {done.stderr.decode(errors='replace').strip()}")
    tree = Tree(options.root, work)
    tree.lay()
    if tree.run("configure.log", "cmake", "--preset", "release", *FLAGS):
        fail(3, f"the copy cannot be configured: {work}/configure.log")
    # Headers that the build makes are there before the sources are read.
    tree.run("generate.log", "cmake", "--build", tree.build, "--target", "stampede_subject_stamp_file")
    changes = changes_of(tree, options.places, options.jobs)
    blocked = collections.Counter(change.blocked for change in changes if change.blocked)
    ordered = in_order([change for change in changes if not change.blocked], options.seed)
    only = set(filter(None, options.only.split(",")))
    if unknown := only - {change.key for change in ordered}:
        fail(2, f"no such change: {', '.join(sorted(unknown))}")
    ordered = [change for change in ordered if not only or change.key in only]
    if not ordered:
        fail(2, f"nothing to change in {', '.join(options.places)}")
    for number, change in enumerate(ordered, 1):
        change.number = number
    refused_file, results_file = work / f"refused-{tree.state}", work / f"results-{tree.state}.jsonl"
    chosen, refused = build(tree, ordered[:derive.SWITCHES_MAX - 1], options.sample, refused_file, options.jobs)
    lines = results_file.read_text().splitlines() if results_file.exists() and not only else []
    results = {each["key"]: each for each in map(json.loads, lines)}
    stopped = try_all(chosen, sabotage_run.tests_of(tree.build), options.jobs, results_file, results, deadline)
    equivalent = read_equivalent(options.root / EQUIVALENT)
    refused = collections.Counter(refused.values())
    print((json_of if options.json else text_of)(chosen, results, equivalent, blocked, refused, len(changes)))
    counts, _ = totals_of(chosen, results, equivalent)
    return 130 if stopped else 1 if counts["unnoticed"] or counts["unreached"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
