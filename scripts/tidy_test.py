#!/usr/bin/env python3
# Runs scripts/tidy.py on a small project with a stand-in for clang-tidy: what it looks at, together with what, and what it says.

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

sys.dont_write_bytecode = True
import tidy  # noqa: E402

SCRIPT = os.path.abspath(tidy.__file__)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Project(unittest.TestCase):
    """A folder that stands for the project's; `looked_at` are the files that clang-tidy was given, those of a group as a list."""

    def setUp(self):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="stampede-tidy-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.build, self.looked_at, self.entries, self.version, self.running, self.running_max = "build/release", [], [], b"clang-tidy 19\n", 0, 0
        self.lock = threading.Lock()
        self.write(".clang-tidy", "Checks: some\n")
        for target, value in (("tidy.ROOT", self.root), ("tidy.subprocess.run", self.clang_tidy),
                              ("tidy.shutil.which", lambda name: f"/usr/bin/{name}")):
            patch = mock.patch(target, value)
            patch.start()
            self.addCleanup(patch.stop)

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def add(self, name, text="", flags="-O2", **entry):
        """A file of the build, which lies in build/release."""
        self.write(name, text)
        file = f"../../{name}"
        self.entries.append({"directory": self.path("build/release"), "file": file,
                             "command": f"clang++ {flags} -o {name}.o -c {file}", **entry})
        self.write("build/release/compile_commands.json", json.dumps(self.entries))

    def clang_tidy(self, command, **options):
        """Says something of each file with BAD in it, and of groups with TWICE in two files; ends with 1 for BROKEN."""
        if command == ["clang-tidy-19", "--version"]:
            self.assertEqual(options, {"capture_output": True, "check": True})
            return subprocess.CompletedProcess(command, 0, self.version)
        self.assertEqual(command[:3], ["clang-tidy-19", "--quiet", "-p"])
        self.assertEqual(options, {"cwd": self.root, "capture_output": True, "text": True, "check": False})
        folder, source = command[3:]
        names = [source]
        if os.path.basename(source) == "group.cc":
            self.assertEqual(folder, os.path.dirname(source))
            with open(source, encoding="utf-8") as file:
                names = [line.removeprefix('#include "../../').removesuffix('"\n') for line in file]
            with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file), [{
                    "directory": self.path("build/release"), "file": source,
                    "command": f"clang++ -O2 -o {names[0]}.o -c {source}"}])
        else:
            self.assertEqual(folder, self.path(self.build))
        texts = []
        for name in names:
            with open(self.path(name), encoding="utf-8") as file:
                texts.append(file.read())
        with self.lock:
            self.looked_at.append(names[0] if names == [source] else names)
        said = "".join(f"{self.path(name)}:3:1: warning: bad style\n" for name, text in zip(names, texts) if "BAD" in text)
        if any("HEADER" in text for text in texts):
            said += f"{self.path('a.h')}:1:1: error: bad header\n"
        broken = any("BROKEN" in text for text in texts) or sum("TWICE" in text for text in texts) > 1
        return subprocess.CompletedProcess(command, int(broken or "FAILS" in "".join(texts)), said, "it broke\n" if broken else "2 warnings\n")

    def run_tidy(self, *arguments, output=None):
        """Status, what was printed, and what was looked at."""
        self.looked_at = []
        output = output or io.StringIO()
        with contextlib.redirect_stdout(output):
            status = tidy.main(["--build", self.path("build/release"), *arguments])
        return status, output.getvalue(), sorted(self.looked_at, key=str)

    def expect(self, status, total, unchanged, bad, looked_at, *arguments, said=""):
        found, output, looked = self.run_tidy(*arguments)
        summary = f"clang-tidy: {total} files, {unchanged} unchanged since they were clean, {bad} with findings "
        self.assertRegex(output, r"\(\d+\.\d s\)\n$")
        self.assertEqual((found, re.sub(r"\(\d+\.\d s\)\n$", "", output), looked), (status, said + summary, sorted(looked_at, key=str)))


class Run(Project):
    def test_clean_files_are_looked_at_once(self):
        for name in ("a.cc", "b.cc"):
            self.add(name)
        self.expect(0, 2, 0, 0, [["a.cc", "b.cc"]])
        self.expect(0, 2, 2, 0, [])
        self.expect(0, 2, 0, 0, [["a.cc", "b.cc"]], "--all", "--build", os.path.relpath(self.path("build/release")))
        self.assertEqual(len(os.listdir(self.path("build/tidy-cache"))), 2)

    def test_what_changed_is_looked_at_again(self):
        self.write("x/a.h", '#include "x/b.h"\n')
        self.write("x/b.h", '# include "x/a.h"\n')
        self.write("x/other.h", "")
        self.add("a.cc", '#include "x/a.h"\n#include <x/other.h>\n#include "gone.h"\n')
        self.add("b.cc", '  #include "x/other.h"\n')
        self.expect(0, 2, 0, 0, [["a.cc", "b.cc"]])
        for name, text, looked_at in (("x/b.h", "int b;\n", "a.cc"), ("x/a.h", '#include "x/b.h"\n ', "a.cc"), ("x/other.h", " ", "b.cc"),
                                      ("b.cc", '#include "x/other.h"\n', "b.cc"), ("gone.h", "", "a.cc")):
            with self.subTest(name):
                self.write(name, text)
                self.expect(0, 2, 1, 0, [looked_at])
        self.entries[0]["command"] += " -g"
        self.write("build/release/compile_commands.json", json.dumps(self.entries))
        self.expect(0, 2, 1, 0, ["a.cc"])
        self.write(".clang-tidy", "Checks: others\n")
        self.expect(0, 2, 0, 0, ["a.cc", "b.cc"])
        self.version = b"clang-tidy 20\n"
        self.expect(0, 2, 0, 0, ["a.cc", "b.cc"])
        self.expect(0, 2, 2, 0, [])

    def test_a_finding_counts_in_a_file_by_itself(self):
        for name in "abcde":
            self.add(f"{name}.cc", "BAD" if name == "d" else "")
        said = "d.cc:3:1: warning: bad style\n"
        self.expect(1, 5, 0, 1, [["a.cc", "b.cc", "c.cc", "d.cc", "e.cc"], ["a.cc", "b.cc"], ["c.cc", "d.cc", "e.cc"], "c.cc",
                                 ["d.cc", "e.cc"], "d.cc", "e.cc"], said=said)
        self.expect(1, 5, 4, 1, ["d.cc"], said=said)

    def test_files_that_do_not_go_together_are_clean_by_themselves(self):
        for name in "abc":
            self.add(f"{name}.cc", "" if name == "b" else "TWICE")
        self.expect(0, 3, 0, 0, [["a.cc", "b.cc", "c.cc"], "a.cc", ["b.cc", "c.cc"]])
        self.expect(0, 3, 3, 0, [])

    def test_what_is_said_twice_is_printed_once(self):
        self.write("a.h", "")
        self.add("a.cc", "HEADER")
        self.add("b.cc", "HEADER")
        self.expect(1, 2, 0, 2, ["a.cc", "b.cc", ["a.cc", "b.cc"]], said="a.h:1:1: error: bad header\n")

    def test_a_failure_without_findings_counts_and_is_told(self):
        self.add("a.cc", "BROKEN")
        self.expect(1, 1, 0, 1, ["a.cc"], said="it broke\n")
        self.add("a.cc", "BAD BROKEN")
        self.expect(1, 1, 0, 1, ["a.cc"], said="a.cc:3:1: warning: bad style\n")
        self.add("a.cc", "BAD FAILS")
        self.expect(1, 1, 0, 1, ["a.cc"], said="a.cc:3:1: warning: bad style\n")

    def test_a_dozen_files_at_most_go_together(self):
        names = [f"{n:02}.cc" for n in range(25)]
        for name in names:
            self.add(name)
        self.expect(0, 25, 0, 0, [names[:12], names[12:24], "24.cc"])

    def test_other_flags_and_equal_names_keep_files_apart(self):
        self.add("a.cc", "namespace {\nint same() { return 1; }\n}  // namespace\n")
        self.add("b.cc", "namespace {\nstruct same {};\n}  // namespace\n")
        self.add("c.cc", flags="-O3")
        self.add("d.cc", "int main() {}\n")
        self.add("e.cc", "int main() {}\n")
        self.expect(0, 5, 0, 0, ["c.cc", ["a.cc", "d.cc"], ["b.cc", "e.cc"]])

    def test_names_of_a_group_are_those_of_all_its_files(self):
        for name, text in (("a", ""), ("b", "int x;\n"), ("c", "int x;\n")):
            self.add(f"{name}.cc", f"namespace {{\n{text}}}  // namespace\n")
        self.expect(0, 3, 0, 0, ["c.cc", ["a.cc", "b.cc"]])

    def test_which_files_are_ours(self):
        self.add("a.cc")
        self.add("a.cc", flags="-O3")
        self.add("a_test.cc")
        self.add("build/release/made.cc")
        self.entries.append({"directory": "/usr/include", "file": "foreign.cc", "arguments": ["clang++"]})
        self.add("c.cc", arguments=["clang++", "-O2", "-c", "../../c.cc"])
        del self.entries[-1]["command"]
        self.write("build/release/compile_commands.json", json.dumps(self.entries))
        self.expect(0, 3, 0, 0, [["a.cc", "a_test.cc", "c.cc"]])
        self.expect(0, 2, 2, 0, [], "--no-tests")
        self.expect(0, 1, 0, 0, ["a_test.cc"], self.path("a_test.cc"), "--all")
        self.expect(0, 2, 0, 0, [["a_test.cc", "c.cc"]], self.path("a_test.cc"), os.path.relpath(self.path("c.cc")), "--all")

    def test_jobs_run_side_by_side(self):
        for jobs, threads in (("1", 1), ("3", 3), ("0", 1)):
            with mock.patch("tidy.ThreadPoolExecutor", side_effect=tidy.ThreadPoolExecutor) as pool:
                self.add("a.cc")
                self.run_tidy("--jobs", jobs)
                pool.assert_called_once_with(threads)
        with mock.patch("tidy.ThreadPoolExecutor", side_effect=tidy.ThreadPoolExecutor) as pool:
            self.run_tidy()
            pool.assert_called_once_with(os.cpu_count())

    def test_progress_is_for_terminals(self):
        self.add("a.cc", flags="-O1")
        self.add("b.cc", "BAD", flags="-O3")
        status, output, _ = self.run_tidy("--jobs", "1", output=Terminal())
        self.assertEqual((status, output[:output.index("clang-tidy: ")]), (
            1, "\r\033[K[1/2] a.cc\r\033[Kb.cc:3:1: warning: bad style\n\r\033[K[2/2] b.cc\r\033[K"))

    def expect_end(self, status, message, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit) as end:
            self.run_tidy(*arguments)
        self.assertEqual((end.exception.code, said.getvalue()), (status, f"tidy.py: {message}\n"))

    def test_a_run_that_checks_nothing_fails(self):
        self.add("a_test.cc")
        self.expect_end(1, "no files: a run that checks nothing fails", "--no-tests")
        self.expect_end(1, "no files: a run that checks nothing fails", "no_such.cc")

    def test_what_is_missing_is_said(self):
        build = self.path("build/release")
        self.expect_end(3, f"{build} holds no compile_commands.json: configure a preset first")
        self.add("a.cc")
        with mock.patch("tidy.shutil.which", lambda name: {"clang-tidy-19": None}[name]):
            self.expect_end(3, "clang-tidy-19 is missing: run scripts/setup.sh")

    def test_usage(self):
        with contextlib.redirect_stdout(io.StringIO()) as said, self.assertRaises(SystemExit) as end:
            tidy.main(["--help"])
        self.assertEqual(end.exception.code, 0)
        self.assertTrue(said.getvalue().startswith("usage: scripts/tidy.py [--build build/dev] [--jobs N]"), said.getvalue())
        self.assertIn("\nA file counts as unchanged when it,", said.getvalue())
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as end:
            tidy.main(["--what"])
        self.assertEqual(end.exception.code, 2)

    def test_by_itself_it_looks_at_the_dev_build_of_its_project(self):
        self.add("a.cc")
        self.build = "build/dev"
        os.rename(self.path("build/release"), self.path(self.build))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(tidy.main([]), 0)
        self.assertIn("clang-tidy: 1 files", said.getvalue())


class Changed(Project):
    """The sources a.cc, which includes a.h, and b.cc and c.cc; `answers` is what git prints, or None where it fails."""

    def setUp(self):
        super().setUp()
        self.answers = {"merge-base HEAD origin/main": "base" * 10, "rev-parse HEAD": "head" * 10}
        patch = mock.patch("tidy.git", lambda *arguments: self.answers.get(" ".join(arguments)))
        patch.start()
        self.addCleanup(patch.stop)
        self.write("a.h", "")
        self.add("a.cc", '#include "a.h"\n')
        self.add("b.cc")
        self.add("c.cc")

    def differ(self, base, *names, untracked=()):
        self.answers[f"diff --name-only -z {base}"] = "".join(f"{name}\0" for name in names)
        self.answers["ls-files -z --others --exclude-standard"] = "".join(f"{name}\0" for name in untracked)

    def expect_changed(self, total, looked_at, base="base" * 3):
        self.expect(0, total, 0, 0, looked_at, "--changed", "--all",
                    said=f"clang-tidy: what differs from {base}, and what includes it\n")

    def test_what_differs_from_the_merge_base_is_looked_at_alone(self):
        self.differ("base" * 10, "b.cc", "gone.cc", "README.md", untracked=["c.cc"])
        self.expect_changed(2, ["b.cc", "c.cc"])

    def test_a_header_that_differs_brings_in_what_includes_it(self):
        self.write("b.h", '#include "a.h"\n')
        self.write("c.cc", '#include "b.h"\n')
        self.differ("base" * 10, "a.h")
        self.expect_changed(2, [["a.cc", "c.cc"]])

    def test_nothing_that_differs_is_no_failure(self):
        self.differ("base" * 10, "README.md")
        self.expect_changed(0, [])

    def test_on_main_it_is_what_differs_from_the_commit_before(self):
        self.answers |= {"merge-base HEAD origin/main": "head" * 10, "rev-parse --verify HEAD^": "past" * 10}
        self.differ("past" * 10, "b.cc")
        self.expect_changed(1, ["b.cc"], "past" * 3)

    def test_without_a_remote_it_is_the_local_main(self):
        self.answers["merge-base HEAD main"] = self.answers.pop("merge-base HEAD origin/main")
        self.differ("base" * 10, "b.cc")
        self.expect_changed(1, ["b.cc"])

    def test_where_it_is_not_known_everything_is_looked_at(self):
        everything = [["a.cc", "b.cc", "c.cc"]]
        said = "clang-tidy: every file, since it is not known what differs\n"
        for name, answers in (("no commit is known", {}),
                              ("the first commit", {"merge-base HEAD main": "head" * 10, "rev-parse HEAD": "head" * 10}),
                              ("what differs cannot be told", {"merge-base HEAD main": "base" * 10}),
                              ("the checks differ", {"merge-base HEAD main": "base" * 10, "diff --name-only -z " + "base" * 10: ".clang-tidy\0",
                                                     "ls-files -z --others --exclude-standard": ""})):
            with self.subTest(name):
                self.answers = answers
                self.expect(0, 3, 0, 0, everything, "--changed", "--all", said=said)

    def test_git_is_asked_in_the_project(self):
        mock.patch.stopall()
        with tempfile.TemporaryDirectory() as folder, mock.patch("tidy.ROOT", folder):
            self.assertIsNone(tidy.git("rev-parse", "HEAD"))
            subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
            subprocess.run(["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "m"],
                           check=True)
            self.assertRegex(tidy.git("rev-parse", "HEAD"), "^[0-9a-f]{40}$")


class Parts(Project):
    def names(self, text):
        self.write("n.cc", text)
        return tidy.Job("n.cc", {"command": "c", "directory": "d", "file": "f"}, "m").names

    def test_names_that_a_file_keeps_to_itself(self):
        self.assertEqual(self.names("int outside;\nnamespace {\n\nstruct A {\n  int inside;\n};\nclass B;\nenum class C { x };\nenum D { y };\n"
                                    "union E {};\nusing F = int;\nusing std::move;\nconst int G = 3;\nint H[3];\nint i(int j) {\n  int k;\n}\n"
                                    "[[noreturn]] void l();\n// m(n)\n#define O(p)\nconstexpr int kQ{1};\n}  // namespace\nint after;\n"
                                    "namespace {\nint second;\n}  // namespace\n"),
                         {*"ABCDEFGHil", "kQ", "second"})
        self.assertEqual(self.names("int f();\n"), set())

    def test_entry_points(self):
        self.assertEqual(self.names('int main() {}\nextern "C" int LLVMFuzzerTestOneInput(int) {}\n  int main(\n'),
                         {"main", "LLVMFuzzerTestOneInput"})

    def test_flags_are_what_files_have_in_common(self):
        job = tidy.Job.__new__(tidy.Job)
        job.command, job.file = "c++ -DA -o x/a.o -O2 -c ../a.cc -o y", "../a.cc"
        self.assertEqual(job.flags(), "c++ -DA -O2 -c ")

    def test_groups_begin_with_the_largest(self):
        for name, flags in (("a.cc", "-O1"), ("b.cc", "-O2"), ("c.cc", "-O2"), ("d.cc", "-O1"), ("e.cc", "-O2")):
            self.add(name, flags=flags)
        jobs = [tidy.Job(entry["file"][6:], entry, "m") for entry in self.entries]
        self.assertEqual([[job.path for job in group] for group in tidy.groups_of(jobs)], [["b.cc", "c.cc", "e.cc"], ["a.cc", "d.cc"]])


class Program(unittest.TestCase):
    def test_its_status_is_that_of_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, SCRIPT, "--build", folder], capture_output=True, text=True, check=False,
                                  env={**os.environ, "PATH": folder})
        self.assertEqual((done.returncode, done.stderr), (3, "tidy.py: clang-tidy-19 is missing: run scripts/setup.sh\n"))


if __name__ == "__main__":
    unittest.main()
