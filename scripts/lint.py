#!/usr/bin/env python3
# Checks the project's own rules: layers, kernel calls, banned calls, tests that assert, file heads, names, formatting.
"""usage: scripts/lint.py [--root DIR] [--no-format] [--warnings-as-errors] [-h]

Prints `file:line: rule: message`. Warnings (sizes) do not fail.
Exit status: 0 nothing found; 1 something found; 2 usage; 3 clang-format-19 is missing.
"""

import argparse
import bisect
import fnmatch
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import PurePosixPath

sys.dont_write_bytecode = True  # no __pycache__ in the tree
from lint_tables import (  # noqa: E402
    ASSERTION, BANNED, BANNED_NAME_PARTS, BANNED_NAMES, EXCEPTIONS, FUNCTION_LINES, HEAVY_LIBRARIES, KERNEL_CALLS,
    KERNEL_HEADERS, LAYERS, LIGHT_HEADERS, MACHINE_PATH, SIZES, TEST_BODY, TEST_HOOK, TOP_LEVEL)

# --- reading -----------------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>(?<![0-9A-Za-z_])(?:u8|u|U|L)?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"|'
    r'"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])*\')', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
TEST_MACRO = re.compile(r"\b(?:(?:TYPED_|INSTANTIATE_)?TEST(?:_[FP])?|(?:EXPECT|ASSERT)_[A-Z]+|GTEST_SKIP|testing::\w+)\b")
CPP = (".cc", ".h")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


class Source:
    """One file: its text, and for C++ the same text with comments, or comments and literals, blanked."""

    def __init__(self, root, path):
        self.path = path
        self.name = PurePosixPath(path).name
        with open(os.path.join(root, path), "rb") as file:
            self.raw = file.read()
        self.text = self.raw.decode("utf-8", "replace")
        self.is_cpp = path.endswith(CPP)
        self.is_test = self.name.endswith(("_test.cc", "_test.h"))
        if self.is_cpp:
            self.no_comments = TOKEN.sub(lambda m: blank(m.group()) if m.group("comment") else m.group(), self.text)
            self.code = TOKEN.sub(lambda m: blank(m.group()), self.text)
            self.includes = [(self.line(m.start(2)), m.group(1), m.group(2)) for m in INCLUDE.finditer(self.no_comments)]

    def line(self, offset):
        if not hasattr(self, "starts"):
            self.starts = [0] + [m.end() for m in re.finditer("\n", self.text)]
        return bisect.bisect_right(self.starts, offset)


class Report:
    """Collects findings, and leaves out what EXCEPTIONS allow."""

    def __init__(self):
        self.errors, self.warnings = [], []

    def error(self, path, line, rule, message):
        if not any(exempt == rule and fnmatch.fnmatch(path, pattern) for pattern, exempt, _ in EXCEPTIONS):
            self.errors.append((path, line, f"{rule}: {message}"))

    def warning(self, path, line, rule, message):
        self.warnings.append((path, line, f"warning: {rule}: {message}"))


def list_files(root):
    """All files that git tracks or would track; without git, all but build/ and dot-git."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=False) if os.path.exists(os.path.join(root, ".git")) else None
    if listed and listed.returncode == 0:
        names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:
        names = []
        for folder, folders, files in os.walk(root):
            inside = os.path.relpath(folder, root)
            folders[:] = [f for f in folders if f not in (".git", "__pycache__") and (inside != "." or f != "build")]
            names += [os.path.normpath(os.path.join(inside, file)) for file in files]
    return sorted(name for name in set(names) if os.path.isfile(os.path.join(root, name)))


def mark_test_support(sources):
    """A header that only tests include is part of the tests, and so is the source beside it."""
    by_path = {source.path: source for source in sources if source.is_cpp}
    changed = True
    while changed:
        changed = False
        users = {}
        for source in by_path.values():
            for _, _, included in source.includes:
                # Neither its own source nor its own test makes a header a test's.
                stem = str(PurePosixPath(included).with_suffix(""))
                if source.path not in (f"{stem}.cc", f"{stem}_test.cc", f"{stem}_test.h"):
                    users.setdefault(included, []).append(source.is_test)
        for path, source in by_path.items():
            head = str(PurePosixPath(path).with_suffix(".h"))
            if not source.is_test and all(users.get(head, [False])):
                source.is_test = changed = True


# --- the rules ---------------------------------------------------------------------------------------------------------


def layer_of(path):
    folder = str(PurePosixPath(path).parent)
    fitting = [layer for layer in LAYERS if folder == layer or folder.startswith(layer + "/")]
    return max(fitting, key=len) if fitting else None


def check_layers(source, report):
    if not source.is_cpp:
        return
    own = layer_of(source.path)
    if own is None:
        report.error(source.path, 1, "layer", "this folder is in no layer; design it in, then name it in LAYERS of scripts/lint_tables.py")
        return
    for line, kind, included in source.includes:
        if kind != '"':
            continue
        target = layer_of(included)
        if target is None:
            report.error(source.path, line, "layer", f'write "{included}" from the top of the project')
        elif target != own and target not in LAYERS[own]:
            report.error(source.path, line, "layer", f"{own} must not include {target} ({included})")


def check_kernel(source, report):
    if not source.is_cpp:
        return
    may_call = source.name.startswith("posix_") or source.path.startswith("harness/live/")
    for line, kind, included in source.includes:
        if kind == "<" and KERNEL_HEADERS.fullmatch(included) and not may_call:
            report.error(source.path, line, "kernel", f"<{included}> belongs in a posix_* file or harness/live")
        if included in ("filesystem", "fstream") and not may_call and not source.is_test and (
                source.path.startswith(("cache/", "harness/sim/"))):
            report.error(source.path, line, "kernel", f"<{included}> goes past the door Os")
    if not may_call:
        for match in KERNEL_CALLS.finditer(source.code):
            report.error(source.path, source.line(match.start()), "kernel",
                         f"{match.group().rstrip('( ')} calls the kernel; only posix_* files and harness/live do")


def check_libraries(sources, report):
    users = {library: {} for library in HEAVY_LIBRARIES}  # library -> file -> line
    for source in (s for s in sources if s.is_cpp):
        for line, _, included in source.includes:
            if included.startswith(("gtest/", "gmock/", "rapidcheck")) and not (
                    source.is_test or source.path.startswith("properties/")):
                report.error(source.path, line, "test-library", f"<{included}> belongs in properties/ and tests")
            for library in HEAVY_LIBRARIES:
                if included.startswith(library) and included not in LIGHT_HEADERS:
                    if source.name.endswith(".h") and not source.is_test:
                        report.error(source.path, line, "heavy-library", f"<{included}> in a header; put it behind an interface")
                    elif not source.is_test:
                        users[library].setdefault(source.path, line)
    for library, places in users.items():
        limit, patterns = HEAVY_LIBRARIES[library]
        for path, line in places.items():
            if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                report.error(path, line, "heavy-library", f"{library} is for {', '.join(patterns)} only")
            elif len(places) > limit:
                report.error(path, line, "heavy-library", f"{library} is included in {len(places)} files; {limit} are allowed")


def check_test_headers(sources, report):
    """The parsed form of gtest's header hides from the compiler that a test includes it nowhere."""
    by_path = {source.path: source for source in sources if source.is_cpp}
    for source in by_path.values():
        if not source.is_test or source.name.endswith(".h"):
            continue
        match = TEST_MACRO.search(source.code)
        seen = [source.path]
        for path in seen:  # which grows
            if path in by_path:
                seen += [included for _, _, included in by_path[path].includes if included not in seen]
        if match and not any(path.startswith(("gtest/", "gmock/", "rapidcheck/gtest")) for path in seen):
            report.error(source.path, source.line(match.start()), "test-header", f"{match.group()} without <gtest/gtest.h>")


def check_banned(source, report):
    if not source.is_cpp:
        return
    for rule, pattern, message in BANNED:
        for match in re.finditer(pattern, source.code):
            report.error(source.path, source.line(match.start()), rule, message)
    if source.path.startswith("cache/"):
        for number, line in enumerate(source.code.split("\n"), 1):
            guard = number < 10 and re.match(r"\s*#\s*ifndef\s+\w+_H\b", line)
            if not guard and TEST_HOOK.search(line):
                report.error(source.path, number, "test-hook", "the product does not know that it is tested")


def check_head(source, report):
    mark = "//" if source.is_cpp else "#"
    suffixes = CPP + (".py", ".sh", ".cmake", ".yml")
    if not (source.path.endswith(suffixes) or source.name == "CMakeLists.txt" or source.text.startswith("#!")):
        return
    lines = source.text.split("\n")
    first = int(lines[0].startswith("#!"))
    docstring = re.match(r'(?:#!.*\n)?"""(.*)', source.text)  # is a comment too
    comment = takewhile(lambda line: line.startswith(mark) and line[len(mark):].strip(), lines[first:])
    text = docstring[1] if docstring else " ".join(line[len(mark):].strip() for line in comment)
    if " " not in text or not re.search(r"[.!?:]([)\"'`]*)($|\s)", text):
        report.error(source.path, first + 1, "head", "the first line is a comment: one sentence that says what this file is")


def check_guards(sources, report):
    seen = {}
    for source in sources:
        if not source.path.endswith(".h"):
            continue
        directives = re.findall(r"^[ \t]*#[ \t]*(\w+)[ \t]*(\w*)", source.no_comments, re.M)
        guard = directives[0][1] if directives else ""
        if not guard or directives[:2] != [("ifndef", guard), ("define", guard)] or directives[-1] != ("endif", ""):
            report.error(source.path, 1, "guard", "no include guard (#ifndef, #define first; #endif last)")
        elif guard in seen:
            report.error(source.path, 1, "guard", f"{guard} is also the guard of {seen[guard]}")
        else:
            seen[guard] = source.path


def check_lists(sources, report):
    lists = {str(PurePosixPath(s.path).parent): s.text for s in sources if s.name == "CMakeLists.txt"}
    for source in sources:
        if not source.path.endswith(("_test.cc", "_fuzz.cc", "_property.cc")):
            continue
        path = PurePosixPath(source.path)
        named = False
        for folder in path.parents:
            inside = re.escape(str(path.relative_to(folder)))
            named |= bool(re.search(rf"(?<![\w/.]){inside}(?![\w.])", re.sub(r"#.*", "", lists.get(str(folder), ""))))
        # A fuzz target may be listed by its short name: stampede_add_fuzz_target(manifest ...).
        if not named and source.path.endswith("_fuzz.cc"):
            short = re.escape(path.name[:-len("_fuzz.cc")])
            named = bool(re.search(rf"^[^#]*\([^)#]*\b{short}\b", lists.get(str(path.parent), ""), re.M))
        if not named:
            report.error(source.path, 1, "unlisted", "no CMakeLists.txt beside or above names this file: it never runs")


def check_places(root, sources, report):
    for source in sources:
        path = PurePosixPath(source.path)
        top = path.parts[0]
        if top not in TOP_LEVEL and not top.startswith("."):
            report.error(source.path, 1, "top-level", f"{top} does not belong at the top level")
        for part in path.parts:
            stem = part.split(".")[0]
            if stem in BANNED_NAMES or BANNED_NAME_PARTS & set(stem.split("_")):
                report.error(source.path, 1, "name", f"'{part}' says nothing; name what is in it")
        if source.raw.startswith(b"#!") and not os.access(os.path.join(root, source.path), os.X_OK):
            report.error(source.path, 1, "mode", "it begins as a program does: chmod +x")
        for match in MACHINE_PATH.finditer(source.raw):
            line = source.raw[:match.start()].count(b"\n") + 1
            report.error(source.path, line, "machine-path", f"{match.group().decode()} exists on one machine only")


def matching(code, start, opening, closing):
    """Offset just after the bracket that closes the one at `start`; the end of the text if none does."""
    depth = 0
    for match in re.compile(f"[{re.escape(opening + closing)}]").finditer(code, start):
        depth += {opening: 1, closing: -1}[match.group()]
        if depth == 0:
            return match.end()
    return len(code)


def check_test_bodies(source, report):
    if not source.is_cpp or not (source.is_test or source.path.startswith("properties/")):
        return
    for match in TEST_BODY.finditer(source.code):
        after = matching(source.code, match.end(), "(", ")")
        end = matching(source.code, after, "{", "}")
        if not ASSERTION.search(source.code, after, end):
            report.error(source.path, source.line(match.end()), "dull-test", "this test asserts nothing")


def check_sizes(source, report):
    lines = source.text.count("\n")
    limit = next((limit for pattern, limit in SIZES if fnmatch.fnmatch(source.path, pattern)), None)
    if limit and lines > limit:
        report.warning(source.path, 1, "size", f"{lines} lines; files of this kind rarely exceed {limit}")
    if not source.is_cpp:
        return
    head = re.compile(r"\)\s*(?:(?:const|noexcept|override|final|mutable|&|->\s*[\w:<>,\s&*]+)\s*)*(?=\{)")
    end = 0
    for match in head.finditer(source.code):
        if match.start() < end:
            continue
        end = matching(source.code, match.end(), "{", "}")
        length = source.line(end) - source.line(match.start()) + 1
        if length > FUNCTION_LINES:
            report.warning(source.path, source.line(match.start()), "size",
                           f"a function of {length} lines; they rarely exceed {FUNCTION_LINES}")


def check_format(root, sources, report):
    program = shutil.which("clang-format-19")
    if not program:
        print("lint.py: clang-format-19 is missing: run scripts/setup.sh, or use --no-format", file=sys.stderr)
        sys.exit(3)
    paths = [s.path for s in sources if s.is_cpp]

    def run(batch):
        return subprocess.run([program, "--dry-run", *batch], cwd=root, capture_output=True, text=True, check=False)

    first = {}
    with ThreadPoolExecutor() as pool:
        for done in pool.map(run, (paths[i::8] for i in range(min(8, len(paths))))):
            if done.returncode != 0:
                report.error(".clang-format", 1, "format", f"{program} ended with status {done.returncode}: {done.stderr}")
            for path, line in re.findall(r"^(.+?):(\d+):\d+: (?:warning|error): ", done.stderr, re.M):
                first.setdefault(path, int(line))
    for path, line in first.items():
        report.error(path, line, "format", f"run clang-format-19 -i {path}")


def lint(root, formatting):
    report = Report()
    sources = [Source(root, path) for path in list_files(root)]
    mark_test_support(sources)
    for source in sources:
        check_layers(source, report)
        check_kernel(source, report)
        check_banned(source, report)
        check_head(source, report)
        check_test_bodies(source, report)
        check_sizes(source, report)
    check_libraries(sources, report)
    check_test_headers(sources, report)
    check_guards(sources, report)
    check_lists(sources, report)
    check_places(root, sources, report)
    if formatting:
        check_format(root, sources, report)
    return sources, report


def main(arguments=None):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[0][7:], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    parser.add_argument("--no-format", action="store_true", help="leave clang-format out")
    parser.add_argument("--warnings-as-errors", action="store_true")
    options = parser.parse_args(arguments)
    sources, report = lint(os.path.abspath(options.root), not options.no_format)
    for path, line, message in sorted(report.errors) + sorted(report.warnings):
        print(f"{path}:{line}: {message}")
    print(f"lint: {len(sources)} files, {len(report.errors)} errors, {len(report.warnings)} warnings")
    if not sources:
        print("lint: no files: a run that checks nothing fails")
        return 1
    return 1 if report.errors or (options.warnings_as_errors and report.warnings) else 0


if __name__ == "__main__":
    sys.exit(main())
