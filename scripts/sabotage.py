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
that come to it, the fastest first, until one fails. What cannot be switched (constexpr, templates, what does not compile) is
counted. Texts are never changed.

Results are kept in the work folder for this state of the tree: after an interruption the same command goes on.
corpus/equivalent_changes.txt holds those that change nothing that anyone could see, each with the reason.

  scripts/sabotage.py harness/judge --sample 100 --seed 7 --minutes 30
  scripts/sabotage.py --only 0123456789ab         # again, whatever was seen before

Exit status: 0 all that was tried was noticed, or is judged equivalent; 1 something was not; 2 usage; 3 it cannot be done here;
130 interrupted.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import sabotage_changes as derive
import sabotage_cxx
from sabotage_run import SWITCHES_MAX, Runner, in_parallel, run_without_change, tests_of, try_change

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEFAULT = ["harness/run", "harness/judge", "harness/cli", "harness/faults", "harness/free", "fuzz", "scripts"]
EQUIVALENT = "corpus/equivalent_changes.txt"
TEST_SOURCE = re.compile(r"(_test\.(cc|h|py)|_for_test\.(cc|h|py)|_property\.cc)$")
FLAGS = ["-DCMAKE_CXX_FLAGS=-w", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -DNDEBUG"]
ROUNDS_MAX = 8


def fail(status, message):
    print(f"sabotage.py: {message}", file=sys.stderr)
    sys.exit(status)


def say(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def write_if_other(path, data):
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def run(command, cwd, log):
    """Its exit status; what it prints goes to the file."""
    with open(log, "wb") as out:
        return subprocess.run(command, cwd=cwd, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode


class Tree:
    """The copy that is changed: tree/ below the work folder, its build in tree/build/release; and one as it is, which is read
    while people go on writing in theirs."""

    def __init__(self, root, work, jobs):
        self.root, self.work, self.jobs = root, work, jobs
        self.top, self.build, self.as_it_is = work / "tree", work / "tree/build/release", work / "source"
        names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True,
                               stdout=subprocess.PIPE).stdout.split(b"\0")
        self.files = sorted(name for name in map(os.fsdecode, names) if name and (root / name).is_file())
        self.sources = {name: (root / name).read_bytes() for name in self.files}
        digest = hashlib.sha256()
        for name in self.files:
            if name != EQUIVALENT:
                digest.update(name.encode() + b"\0" + hashlib.sha256(self.sources[name]).digest())
        self.state = digest.hexdigest()[:16]

    def lay(self, changed=None):
        """The tree as it is, but for the files in `changed` (name -> bytes). None: files that were laid from the same source may
        stay changed as they are, so that they are not compiled twice."""
        laid_file = self.work / "laid.json"
        laid = json.loads(laid_file.read_text()) if changed is None and laid_file.exists() else {}
        for name in self.files:
            path, digest = self.top / name, hashlib.sha256(self.sources[name]).hexdigest()
            if laid.get(name) != digest or not path.exists():
                write_if_other(path, (changed or {}).get(name, self.sources[name]))
                path.chmod((self.root / name).stat().st_mode)
            laid[name] = digest
            write_if_other(self.as_it_is / name, self.sources[name])
        laid_file.write_text(json.dumps({name: laid[name] for name in self.files}))
        for folder, below, files in os.walk(self.top):
            if pathlib.Path(folder) == self.top:
                below.remove("build") if "build" in below else None
            for name in files:
                if os.path.relpath(os.path.join(folder, name), self.top) not in self.sources:
                    os.unlink(os.path.join(folder, name))
        write_if_other(self.work / "sabotage_switch.h", derive.SWITCH_CXX.encode())

    def configure(self):
        if run(["cmake", "--preset", "release", *FLAGS], self.top, self.work / "configure.log"):
            fail(3, f"the copy cannot be configured: {self.work}/configure.log")

    def compile(self):
        return run(["cmake", "--build", str(self.build), "-j", str(self.jobs), "--", "-k", "0"], self.top, self.work / "build.log")


# -- which changes there are -------------------------------------------------------------------------------------------------


def is_below(name, places):
    return any(name == place or name.startswith(place.rstrip("/") + "/") for place in places)


def arguments_of(tree, entry):
    """How a parser sees the source as it is."""
    arguments, skips = [], False
    for word in shlex.split(entry["command"])[1:]:
        if skips or word in ("-o", "-c"):
            skips = not skips
        elif word == f"-I{tree.top}" or (word.startswith(f"-I{tree.top}/") and str(tree.build) not in word):
            arguments.append(word.replace(str(tree.top), str(tree.as_it_is)))
        else:
            arguments.append(word)
    return arguments


def changes_of(tree, places):
    """All changes of the places, named. What was derived of a file is kept, since a parser takes seconds for one."""
    names = [name for name in tree.files if is_below(name, places) and not TEST_SOURCE.search(name)]
    changes = []
    for name in names:
        if name.endswith(".py"):
            changes += derive.python_changes(name, tree.sources[name])
    wanted = {str(tree.as_it_is / name) for name in names if name.endswith((".cc", ".h"))}
    entries = {entry["file"].replace(str(tree.top), str(tree.as_it_is)): entry
               for entry in json.loads((tree.build / "compile_commands.json").read_text())}
    units = {file: arguments_of(tree, entry) for file, entry in entries.items() if file in wanted}
    kept_file = tree.work / "derived" / f"{hashlib.sha256(repr((tree.state, places)).encode()).hexdigest()[:16]}.json"
    if kept_file.exists():
        kept = json.loads(kept_file.read_text())
        for each in kept:
            change = object.__new__(derive.Change)
            change.__dict__.update(each)
            changes.append(change)
    else:
        found, done = {}, 0
        with concurrent.futures.ProcessPoolExecutor(tree.jobs) as pool:
            futures = [pool.submit(sabotage_cxx.cxx_changes, str(tree.as_it_is), *unit, wanted) for unit in units.items()]
            for future in concurrent.futures.as_completed(futures):
                done += 1
                say(f"reading {done} of {len(units)} sources")
                some, errors = future.result()
                if errors:
                    fail(3, f"a source cannot be read: {errors[0]}")
                for change in some:
                    found[(change.file, change.start, change.end, change.kind, change.becomes)] = change
        kept_file.parent.mkdir(parents=True, exist_ok=True)
        kept_file.write_text(json.dumps([dict(change.__dict__) for change in found.values()]))
        changes += found.values()
    derive.name_all(changes)
    return changes


def in_order(changes, seed):
    """By a hash of seed and key, so that a sample stays what it is where other code changes."""
    return sorted(changes, key=lambda c: hashlib.sha256(f"{seed}:{c.key}".encode()).digest())


# -- building them -----------------------------------------------------------------------------------------------------------


def rewritten(tree, chosen):
    """name -> (text, spans) of the files that hold a chosen change."""
    by_file, texts = collections.defaultdict(list), {}
    for change in chosen:
        by_file[change.file].append(change)
    include = f'#include "{tree.work}/sabotage_switch.h"\n'.encode()
    for name, some in by_file.items():
        if name.endswith(".py"):
            texts[name] = derive.python_text(tree.sources[name], some)
        else:
            text, spans = derive.render(tree.sources[name], some)
            texts[name] = (include + text, [(a + len(include), b + len(include), c) for a, b, c in spans])
    return texts


def at_fault(tree, texts, log):
    """The smallest changes around the places that a compiler complains about; else those on the line; else all of the file."""
    bad, places = set(), []
    for name, (text, _) in texts.items():
        if name.endswith(".py"):
            try:
                compile(text, name, "exec")
            except SyntaxError as problem:
                places.append((name, problem.lineno, problem.offset or 1))
    for file, line, column in re.findall(r"^(/[^:\n]+):(\d+):(\d+): (?:fatal )?error: ", log, re.M):
        places.append((os.path.relpath(file, tree.top), int(line), int(column)))
    for name, line, column in places:
        text, spans = texts.get(name, (b"", []))
        begin = sum(len(each) + 1 for each in text.split(b"\n")[:line - 1])
        around = [(b - a, change.key) for a, b, change in spans if a < begin + column <= b]
        on_line = {change.key for a, b, change in spans if a <= begin + len(text[begin:].split(b"\n")[0]) and begin < b}
        bad |= {min(around)[1]} if around else on_line or {change.key for _, _, change in spans}
    return bad


def build(tree, ordered, count, refused):
    """Builds the first `count` changes that compile, and returns them; what does not is added to `refused`."""
    for _ in range(ROUNDS_MAX):
        chosen = [change for change in ordered if change.key not in refused][:count]
        texts = rewritten(tree, chosen)
        bad = at_fault(tree, {n: t for n, t in texts.items() if n.endswith(".py")}, "")
        if not bad:
            tree.lay({name: text for name, (text, _) in texts.items()})
            say(f"building {len(chosen)} changes in {len(texts)} files")
            if tree.compile() == 0:
                return chosen
            bad = at_fault(tree, texts, (tree.work / "build.log").read_text(errors="replace"))
        if not bad:
            break
        refused |= bad
    fail(3, f"the copy cannot be built: {tree.work}/build.log")
    return []


# -- the report --------------------------------------------------------------------------------------------------------------


def read_equivalent(file):
    """key -> reason. Lines: key, reason; comments behind #."""
    reasons = {}
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else [], 1):
        if line.strip() and not line.startswith("#"):
            key, _, reason = line.partition(" ")
            if not re.fullmatch(r"[0-9a-f]{12}", key) or not reason.strip():
                fail(2, f"{file}:{number}: expected \"<key of 12 hexadecimal digits> <reason>\", got \"{line}\"")
            reasons[key] = reason.strip()
    return reasons


def totals_of(chosen, results, equivalent):
    counts = collections.Counter()
    for change in chosen:
        result = results.get(change.key)
        outcome = result["outcome"] if result else "not tried"
        counts["equivalent" if outcome in ("unnoticed", "unreached") and change.key in equivalent else outcome] += 1
    judged = counts["noticed"] + counts["unnoticed"] + counts["unreached"]
    return counts, counts["noticed"] / judged if judged else None


def text_of(chosen, results, equivalent, blocked, refused, found):
    counts, share = totals_of(chosen, results, equivalent)
    lines = []
    for file in sorted({change.file for change in chosen}):
        deaf = [c for c in chosen if c.file == file and results.get(c.key, {}).get("outcome") in ("unnoticed", "unreached")
                and c.key not in equivalent]
        if deaf:
            lines.append(file)
        for c in sorted(deaf, key=lambda each: each.line):
            where = f"{c.line} {c.function}".strip()
            lines.append(f"  {c.key} {where}: {c.kind}, {results[c.key]['outcome']}: {c.text[:90]}  =>  "
                         f"{c.becomes.replace(chr(0), 'N')[:120]}")
    lines += ["", f"{'kind':<12}{'noticed':>10}{'unnoticed':>11}{'unreached':>11}{'equivalent':>12}"]
    for kind in sorted({change.kind for change in chosen}):
        some, _ = totals_of([c for c in chosen if c.kind == kind], results, equivalent)
        lines.append(f"{kind:<12}{some['noticed']:>10}{some['unnoticed']:>11}{some['unreached']:>11}{some['equivalent']:>12}")
    lines.append("")
    lines.append(f"changes found: {found}; of these cannot be switched: " +
                 ", ".join(f"{why} {number}" for why, number in sorted(blocked.items())) + f"; refused by the compiler: {refused}")
    lines.append(f"tried {sum(counts.values()) - counts['not tried']} of {len(chosen)}: {counts['noticed']} noticed, "
                 f"{counts['unnoticed']} not noticed, {counts['unreached']} that no test comes to, {counts['equivalent']} judged equivalent; "
                 + ("noticed of the rest: n/a" if share is None else f"noticed of the rest: {share * 100:.1f} %"))
    return "\n".join(lines)


def json_of(chosen, results, equivalent, blocked, refused, found):
    counts, share = totals_of(chosen, results, equivalent)
    return json.dumps({"found": found, "blocked": blocked, "refused": refused, "chosen": len(chosen), "counts": counts, "share": share,
                       "changes": [{"key": c.key, "file": c.file, "line": c.line, "function": c.function, "kind": c.kind, "text": c.text,
                                    **results.get(c.key, {"outcome": "not tried"}), "equivalent": equivalent.get(c.key)}
                                   for c in chosen]}, indent=1)


def try_all(chosen, options, tree, results_file, results, deadline):
    """Tries what has no result yet, until the deadline or an interrupt; says whether it was interrupted."""
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    runner, all_tests = Runner(tree.work), tests_of(tree.build)
    tests, failing = run_without_change(all_tests, runner, options.jobs, max(change.number for change in chosen), say)
    if failing:
        say("")
        print(f"not used, since they fail without a change: {', '.join(failing)}", file=sys.stderr)

    def one(change, place):
        if stopped or (deadline is not None and time.monotonic() >= deadline):
            return
        result = try_change(change, tests, runner, place)
        if stopped:
            return  # what was on the way may have been interrupted, too
        results[change.key] = result
        with open(results_file, "a") as out:
            out.write(json.dumps(result) + "\n")
        say(f"{len(results)} of {len(chosen)} tried, {sum(r['outcome'] == 'noticed' for r in results.values())} noticed")

    in_parallel(options.jobs, [change for change in chosen if change.key not in results], one)
    return bool(stopped)


def options_of(arguments):
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("places", nargs="*")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="")
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)  # another project, in tests
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.help:
        print(__doc__, end="")
        sys.exit(0)
    for place in options.places:
        if not (options.root / place).exists():
            fail(2, f"{place}: no such folder or script")
    if options.jobs < 1 or (options.sample is not None and options.sample < 1) or (options.minutes is not None and options.minutes <= 0):
        fail(2, "--jobs, --sample and --minutes are more than 0")
    return options


def main(arguments):
    options = options_of(arguments)
    deadline = None if options.minutes is None else time.monotonic() + options.minutes * 60
    try:
        sabotage_cxx.load_clang()
    except ImportError:
        fail(3, "python3-clang-19 is missing; scripts/setup.sh installs it")
    work = (options.work or options.root / "build/sabotage").resolve()
    work.mkdir(parents=True, exist_ok=True)
    if why := Runner(work).why_it_cannot_confine():
        fail(3, f"changed programs cannot be confined: {why}")
    tree = Tree(options.root, work, options.jobs)
    tree.lay()
    tree.configure()
    # Headers that the build makes are there before the sources are read.
    run(["cmake", "--build", str(tree.build), "--target", "stampede_subject_stamp_file"], tree.top, work / "generate.log")
    places = options.places or [place for place in DEFAULT if (options.root / place).exists()]
    changes = changes_of(tree, places)
    blocked = collections.Counter(change.blocked for change in changes if change.blocked)
    ordered = in_order([change for change in changes if not change.blocked], options.seed)
    only = [key for key in options.only.split(",") if key]
    if only:
        ordered = [change for change in ordered if change.key in only]
        if len(ordered) != len(set(only)):
            fail(2, f"no such change: {', '.join(sorted(set(only) - {change.key for change in ordered}))}")
    if not ordered:
        fail(2, f"nothing to change in {', '.join(places)}")
    refused_file, results_file = work / f"refused-{tree.state}", work / f"results-{tree.state}.jsonl"
    refused = set(refused_file.read_text().split()) if refused_file.exists() else set()
    for number, change in enumerate(ordered, 1):
        change.number = number
    chosen = build(tree, ordered[:SWITCHES_MAX - 1], options.sample or len(ordered), refused)
    refused_file.write_text("\n".join(sorted(refused)))
    results = {}
    if results_file.exists() and not only:
        results = {each["key"]: each for each in map(json.loads, results_file.read_text().splitlines())}
    stopped = try_all(chosen, options, tree, results_file, results, deadline)
    say("")
    equivalent = read_equivalent(options.root / EQUIVALENT)
    report = json_of if options.json else text_of
    print(report(chosen, results, equivalent, blocked, len(refused), len(changes)))
    if stopped:
        return 130
    counts, _ = totals_of(chosen, results, equivalent)
    return 1 if counts["unnoticed"] or counts["unreached"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
