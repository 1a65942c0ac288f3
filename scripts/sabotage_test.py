#!/usr/bin/env python3
# Tests scripts/sabotage.py: that it tells what no test notices, and why what was noticed was.

import contextlib
import io
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import sabotage
import sabotage_changes as derive
import sabotage_run
from sabotage_changes_test import changes_of_script

SCRIPTS = pathlib.Path(__file__).resolve().parent

PRESETS = """{"version": 6, "configurePresets": [{"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release",
  "cacheVariables": {"CMAKE_CXX_COMPILER": "clang++-19", "CMAKE_BUILD_TYPE": "RelWithDebInfo", "CMAKE_EXPORT_COMPILE_COMMANDS": "ON"}}]}"""
LISTS = """cmake_minimum_required(VERSION 3.25)
project(toy LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
if(NOT STAMPEDE_PRECOMPILE STREQUAL "gtest")
  set(CMAKE_UNITY_BUILD ON)
endif()
enable_testing()
add_executable(toy toy/toy.cc toy/toy_test.cc)
target_include_directories(toy PRIVATE ${PROJECT_SOURCE_DIR})
foreach(name sum share fails passes)
  add_test(NAME ${name} COMMAND toy ${name})
endforeach()
add_test(NAME script COMMAND python3 ${PROJECT_SOURCE_DIR}/toy/script_test.py)
"""
TOY_H = "#pragma once\nstruct Pair { int above = 0; int below = 1; };\nint sum(const Pair& pair);\ndouble share(const Pair& pair, bool* seen);\nint never(int x);\n"
TOY_CC = """#include "toy/toy.h"

#include <array>

constexpr int kLimit = 7;
template <typename T> T twice(T value) { return value * 2; }
enum class Mood { good, bad };
static int of(Mood mood) { return mood == Mood::good ? kLimit : 0; }
int sum(const Pair& pair) {
  int total = 0;
  for (int i = 0; i < 3; ++i) total += pair.above;
  return total + pair.below + of(Mood::good) + twice(1);
}
double share(const Pair& pair, bool* seen) {
  *seen = true;
  return static_cast<double>(pair.above) / pair.below;
}
int never(int x) { return x; }
int first_of_nine() { int all[std::array<int, 9>{}.size()] = {}; return all[0]; }
"""
TOY_TEST = """#include <cstring>
#include <unistd.h>
#include "toy/toy.h"
int main(int, char** arguments) {
  bool seen = false;
  if (std::strcmp(arguments[1], "sum") == 0) return sum({2, 5}) == 20 ? 0 : 1;
  if (std::strcmp(arguments[1], "share") == 0) return share({8, 4}, &seen) == 2 ? 0 : 1;
  return std::strcmp(arguments[1], "fails") == 0 ? 1 : 0;
}
"""
SCRIPT = "import sys\ndef half(x):\n    if x > 10:\n        raise ValueError(x)\n    return x / 2\n"
SCRIPT_TEST = "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nimport script\nassert script.half(4) == 2\n"


def made_test(program, name, seconds, locks=(), limit=7, expected=()):
    made = sabotage_run.Test({"name": name, "command": [program, f"--gtest_filter={name}"] if program != "plain" else ["plain"],
                              "properties": [{"name": "RESOURCE_LOCK", "value": list(locks)},
                                             {"name": "TIMEOUT", "value": limit}, {"name": "PASS_REGULAR_EXPRESSION", "value": list(expected)}]})
    made.seconds, made.passes, made.reached = seconds, True, b"\1" * 100
    return made


class Figures(unittest.TestCase):
    def setUp(self):
        self.changes = changes_of_script("(1, 2, 3, 4, 5, 6, 7)")
        derive.name_all(self.changes)
        for number, change in enumerate(self.changes, 1):
            change.number = number
        outcomes = ("noticed", "unnoticed", "unreached", "unnoticed", "noticed", "noticed")
        self.results = {c.key: {"key": c.key, "outcome": outcome, "why": why} for c, outcome, why in
                        zip(self.changes, outcomes, ("status", "status", "hang", "hang", "hang", "status"))}

    def test_shares_leave_out_what_was_judged_equivalent_and_what_was_not_tried(self):
        equivalent = {self.changes[3].key: "why", self.changes[0].key: "noticed all the same"}
        counts, share = sabotage.totals_of(self.changes, self.results, equivalent)
        self.assertEqual({"noticed": 3, "by status": 2, "by hang": 1, "unnoticed": 1, "unreached": 1, "equivalent": 1,
                          "not tried": 1}, dict(counts))
        self.assertEqual(0.6, share)
        self.assertEqual((None, 7), (lambda c, s: (s, c["not tried"]))(*sabotage.totals_of(self.changes, {}, {})))

    def test_text_and_json_say_the_same(self):
        equivalent = {self.changes[3].key: "why"}
        refused = {"one by one": 1, "all of a.cc": 2}
        what = (self.changes, self.results, equivalent, {"template": 7, "constexpr": 11}, refused, 40)
        text, data = sabotage.text_of(*what), json.loads(sabotage.json_of(*what))
        self.assertIn("changes found: 40; of these cannot be switched: constexpr 11, template 7; "
                      "refused by the compiler: all of a.cc 2, one by one 1\n", text)
        self.assertIn("tried 6 of 7: 3 noticed (2 by a status, 1 by a hang), 1 not noticed, 1 that no test comes to, "
                      "1 judged equivalent; noticed of the rest: 60.0 %", text)
        self.assertRegex(text, r"(?m)^constant +3 +1 +1 +1$")
        for change, is_told in zip(self.changes, (False, True, True, False, False, False, False)):
            self.assertEqual(is_told, change.key in text, change.text)
        self.assertEqual((40, refused, 7, 0.6, {"constexpr": 11, "template": 7}),
                         tuple(data[name] for name in ("found", "refused", "chosen", "share", "blocked")))
        self.assertEqual((2, 1), (data["counts"]["by status"], data["counts"]["by hang"]))
        outcomes = [*(each["outcome"] for each in self.results.values()), "not tried"]
        self.assertEqual(outcomes, [c["outcome"] for c in data["changes"]])
        self.assertEqual([None, None, None, "why", None, None, None], [c["equivalent"] for c in data["changes"]])

    def test_a_sample_stays_where_other_changes_come_and_another_seed_draws_another(self):
        order = [c.key for c in sabotage.in_order(self.changes, 5)]
        fewer = [c.key for c in sabotage.in_order(self.changes[:2] + self.changes[3:], 5)]
        self.assertEqual([key for key in order if key != self.changes[2].key], fewer)
        self.assertEqual(sorted(order), sorted(c.key for c in self.changes))
        self.assertNotEqual([order] * 3, [[c.key for c in sabotage.in_order(self.changes, seed)] for seed in (6, 7, 8)])

    def test_equivalent_changes_are_read_or_refused_with_their_line(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "list")
            self.assertEqual({}, sabotage.read_equivalent(file))
            file.write_text("# All.\n\n0123456789ab it is only for people\n")
            self.assertEqual({"0123456789ab": "it is only for people"}, sabotage.read_equivalent(file))
            for bad in ("0123456789ab\n", "0123456789AB why\n", "0123 why\n"):
                file.write_text("# All.\n" + bad)
                with self.assertRaises(SystemExit) as end:
                    sabotage.read_equivalent(file)
                self.assertEqual(2, end.exception.code)

    def test_quick_tests_of_a_program_run_together_the_fastest_first(self):
        tests = [made_test("a", "A.x", 0.1), made_test("b", "B.x", 0.05), made_test("a", "A.y", 0.1),
                 made_test("a", "A.slow", 0.3), made_test("plain", "p", 0.01), made_test("b", "B.locked", 0.02, ["one_core"])]
        self.assertEqual([["p"], ["B.locked"], ["B.x"], ["A.x", "A.y"], ["A.slow"]],
                         [[each.name for each in batch] for batch in sabotage_run.batches_of(tests)])
        self.assertEqual((7, frozenset(["one_core"])), (tests[5].limit, tests[5].locks))


class Runs(unittest.TestCase):
    """What a test run says, and what follows from several."""

    RAN = "[ RUN      ] A.x\n[       OK ] A.x\n[==========] 1 test from 1 test suite ran. (0 ms total)\n"

    def run_of(self, batch, status, text):
        """Why it fails, the last test, and the limit it had. Status None: it does not end."""
        asked = []

        def fake(command, stdout, timeout, **_):
            asked.append(timeout)
            stdout.write(text)
            if status is None:
                raise subprocess.TimeoutExpired(command, timeout)
            return subprocess.CompletedProcess(command, status)

        with mock.patch.object(sabotage_run.subprocess, "run", fake):
            run = sabotage_run.run(batch, 1)
        return run.why, run.last, *asked

    def test_a_test_fails_for_its_status_or_a_hang(self):
        plain, program = made_test("plain", "p", 1), made_test("a", "A.x", 1)
        told = made_test("plain", "p", 1, expected=["all f.ne"])
        for test, status, text, expected in (
                (plain, 0, "", ""), (plain, 1, "", "status"), (plain, -6, "", "status"), (plain, None, "", "hang"),
                (program, 0, self.RAN, ""), (program, 1, self.RAN, "status"), (program, 0, self.RAN[:27], "status"),
                (program, None, self.RAN, "hang"), (told, 1, "all fine", ""), (told, 0, "", "status"),
                (told, None, "all fine", "hang")):
            self.assertEqual(expected, self.run_of([test], status, text)[0], (test.name, status, text))
        self.assertEqual("A.y", self.run_of([program], 1, "[ RUN      ] A.x\n[ RUN      ] A.y\nnot [ RUN      ] A.z")[1])

    def test_what_ctest_allows_is_no_hang(self):
        for seconds, limit, expected in ((0, 7, 7), (1, 7, 30), (1, 29, 30), (1, 31, 31)):
            self.assertEqual(("hang", "", expected), self.run_of([made_test("plain", "p", seconds, limit=limit)], None, ""))
        # Of several each is tried alone afterwards.
        several = [made_test("a", name, 0.25, limit=31) for name in ("A.x", "A.y")]
        self.assertEqual(("hang", "A.x", 25), self.run_of(several, None, self.RAN))

    def test_a_change_is_noticed_by_a_test_that_fails_with_it_alone(self):
        tests = [made_test("a", name, 0.1) for name in ("A.x", "A.y")] + [made_test("plain", "p", 1)]
        batch, x, y, p = (("A.x", "A.y"), 3), ("A.x", 3), ("A.y", 3), ("p", 3)
        change = next(iter(changes_of_script("3")))
        change.key, change.number = "key", 3
        unnoticed = {"key": "key", "outcome": "unnoticed", "tests": 3}
        noticed = lambda by, why: {**unnoticed, "outcome": "noticed", "by": by, "why": why}
        for failing, expected, runs in (
                ({}, unnoticed, [batch, p]),
                ({p: "status"}, noticed("p", "status"), [batch, p, ("p", 0)]),
                ({p: "hang"}, noticed("p", "hang"), [batch, p, ("p", 0)]),
                ({p: "status", ("p", 0): "hang"}, {**unnoticed, "fail_without_it": ["p"]}, [batch, p, ("p", 0)]),
                ({batch: "status", x: "status"}, noticed("A.x", "status"), [batch, y, x, ("A.x", 0)]),
                ({batch: "hang", y: "status"}, noticed("A.y", "status"), [batch, y, ("A.y", 0)]),
                ({batch: "hang"}, unnoticed, [batch, y, x, p]),
                ({batch: "status", y: "status", ("A.y", 0): "status", x: "hang"},
                 {**noticed("A.x", "hang"), "fail_without_it": ["A.y"]}, [batch, y, ("A.y", 0), x, ("A.x", 0)])):
            asked = []

            def fake(batch, number):
                names = tuple(test.name for test in batch)
                asked.append((names[0] if len(names) == 1 else names, number))
                return sabotage_run.Run(failing.get(asked[-1], ""), 1, b"", "A.y")

            with mock.patch.object(sabotage_run, "run", fake):
                result = sabotage_run.try_change(change, tests)
            result.pop("seconds")
            self.assertEqual((expected, runs), (result, asked), failing)
        tests = [made_test("plain", name, 1) for name in "pq"]
        tests[0].reached, tests[1].reached = b"\1\1\1\0\1", b"\1\1\1"
        self.assertEqual(("unreached", 0), tuple(sabotage_run.try_change(change, tests)[name] for name in ("outcome", "tests")))

    def test_the_compiler_refuses_changes_lines_and_files_and_is_not_asked_twice(self):
        source = b"(1 < a,\n2)\nf(3)\n(4)\n"
        changes = [c for c in changes_of_script(source.decode()) if c.kind != "dropped"]
        for number, change in enumerate(changes, 1):
            change.key, change.number = f"key {number}", number
        with tempfile.TemporaryDirectory() as folder:
            tree = mock.Mock(top=pathlib.Path(folder), build="build", work=pathlib.Path(folder), sources={"a.py": source})
            begin = derive.SWITCH_PYTHON.count(b"\n") + 1

            def place(line, piece):
                text = tree.lay.call_args[0][0]["a.py"].decode().splitlines()[line - 1]
                return f"{folder}/a.py:{line}:{text.index(piece) + 1}: error: no\n{folder}/b.h:1:1: error: no\n"

            complaints = [lambda: place(begin, " else 1"), lambda: place(begin + 2, "f("), lambda: place(1, "import")]

            def fake(log, *_):
                if complaints:
                    (tree.work / log).write_text(complaints.pop(0)())
                    return 1
                return 0

            tree.run = fake
            one, all_of = "one by one", "all of a.py"
            refused = {"key 2": one, "key 4": one, "key 1": all_of, "key 3": all_of, "key 5": all_of}
            file = pathlib.Path(folder, "refused")
            self.assertEqual(([], refused), sabotage.build(tree, changes, 9, file, 1))
            changes.append(mock.Mock(key="key 6", file="a.py", start=0, end=0, pieces=[], kind="constant", becomes=""))
            self.assertEqual((changes[5:], refused), sabotage.build(tree, changes, 9, file, 1))
            self.assertEqual(5, tree.lay.call_count)
            complaints.append(lambda: "")
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as end:
                sabotage.build(tree, changes, 9, file, 1)
            self.assertEqual(3, end.exception.code)


class Whole(unittest.TestCase):
    """The script from its options to its status, with builds and tests that do nothing."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp" if os.access("/var/tmp", os.W_OK) else "/dev/shm"))
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "a.py").write_text("(1, 2, 3, 4, 5, 6, 7, 8, 9)\n")
        (self.root / ".gitignore").write_text("build\n")
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        self.minutes = 0

    def sabotage(self, *words, interrupts_at=0):
        """Its status, what it said, and the numbers that were tried, in their order. One takes a minute."""
        tried = []

        def run(log, *command):
            (self.root / "build/sabotage/tree/build/release").mkdir(parents=True, exist_ok=True)
            (self.root / "build/sabotage/tree/build/release/compile_commands.json").write_text("[]")
            return 0

        def try_change(change, _):
            tried.append(change.text)
            self.minutes += 1
            if len(tried) == interrupts_at:
                signal.getsignal(signal.SIGINT)(signal.SIGINT, None)
            return {"key": change.key, "outcome": "noticed", "why": "status", "seconds": 1}

        with (mock.patch.object(sabotage.Tree, "run", lambda _, *words: run(*words)),
              contextlib.redirect_stdout(io.StringIO()) as out,
              mock.patch.multiple(sabotage_run, tests_of=lambda _: [made_test("plain", "p", 1)], try_change=try_change,
                                  run=lambda *_: sabotage_run.Run("", 1, b"", "")),
              mock.patch.object(sabotage.time, "monotonic", lambda: self.minutes * 60)):
            status = sabotage.main(["a.py", "--root", str(self.root), "--jobs", "1", "--json", *words])
        return status, json.loads(out.getvalue()), tried

    def test_a_sample_is_the_first_of_its_seed_and_time_and_interrupts_end_it_for_a_while(self):
        every = changes_of_script((self.root / "a.py").read_text())
        derive.name_all(every)
        numbers = [change.text for change in sabotage.in_order(every, 5)]
        for words, interrupts_at, expected in (
                (["--sample", "4", "--minutes", "1.5"], 0, (0, 4, 2, numbers[:2])),
                (["--sample", "6", "--minutes", "2"], 0, (0, 6, 4, numbers[2:4])),
                (["--sample", "8"], 3, (130, 8, 6, numbers[4:7])),  # what was on the way counts for nothing
                (["--sample", "8"], 0, (0, 8, 8, numbers[6:8])),
                ([], 0, (0, 9, 9, numbers[8:])),
                (["--only", every[0].key], 0, (0, 1, 1, ["1"]))):
            status, data, tried = self.sabotage("--seed", "5", *words, interrupts_at=interrupts_at)
            self.assertEqual(expected, (status, data["chosen"], data["counts"]["noticed"], tried), words)
        self.assertNotEqual(numbers[:4], [change.text for change in sabotage.in_order(every, 6)][:4])

    def test_another_tree_is_tried_from_its_beginning(self):
        self.assertEqual(9, len(self.sabotage()[2]))
        (self.root / "a.py").write_text("(1, 2, 3, 4, 5, 6, 7, 8, 9)\nx\n")
        self.assertEqual(9, len(self.sabotage()[2]))

    def test_an_interrupt_of_the_build_ends_what_builds(self):
        begun, gate = self.root / "begun", self.root / "gate"
        os.mkfifo(begun)
        os.mkfifo(gate)
        (self.root / "cmake").write_text(f"""#!/bin/sh
case "$*" in
  *--preset*) mkdir -p build/release; echo '[]' >build/release/compile_commands.json ;;
  *-k*) (exec 3>{begun}; echo begun >&3; read never <{gate}) & wait ;;
esac
""")
        (self.root / "cmake").chmod(0o755)
        keeps = os.open(gate, os.O_RDWR)
        self.addCleanup(os.close, keeps)
        for number in (signal.SIGINT, signal.SIGTERM):
            reader = os.open(begun, os.O_RDONLY | os.O_NONBLOCK)
            self.addCleanup(os.close, reader)
            process = subprocess.Popen([sys.executable, SCRIPTS / "sabotage.py", "--root", self.root, "a.py"], text=True,
                                       env={**os.environ, "PATH": f"{self.root}:{os.environ['PATH']}"},
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertTrue(select.select([reader], [], [], 100)[0], "no build has begun")
            self.assertEqual(b"begun\n", os.read(reader, 100))
            process.send_signal(number)
            ended = select.select([reader], [], [], 20)[0]
            if not ended:
                os.write(keeps, b"\n")
            self.assertEqual(("", None, 130), (*process.communicate(), process.returncode))
            self.assertTrue(ended, "it builds on")
            self.assertEqual(b"", os.read(reader, 100))


class Toy(unittest.TestCase):
    """A small project, from its sources to the report."""

    def setUp(self):
        # Not below /tmp: a changed program has one of its own, and can write nowhere else on a disk.
        self.root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp" if os.access("/var/tmp", os.W_OK) else "/dev/shm"))
        self.addCleanup(shutil.rmtree, self.root)
        for name, text in (("CMakePresets.json", PRESETS), ("CMakeLists.txt", LISTS), ("toy/toy.h", TOY_H), ("toy/toy.cc", TOY_CC),
                           ("toy/toy_test.cc", TOY_TEST), ("toy/script.py", SCRIPT), ("toy/apart.cc", "not C++"), ("toy/script_test.py", SCRIPT_TEST), (".gitignore", "build\n")):
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_text(text)
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)

    def start(self, *words):
        return subprocess.Popen([sys.executable, SCRIPTS / "sabotage.py", "--root", self.root, *words], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def sabotage(self, *words):
        process = self.start(*words)
        text, errors = process.communicate()
        return process.returncode, text, errors

    def test_it_tells_what_no_test_notices(self):
        status, text, errors = self.sabotage("toy", "--json")
        self.assertEqual(1, status, text + errors)
        self.assertIn("not used, since they fail without a change: fails\n", errors)
        data = json.loads(text)
        outcomes = {(c["function"], c["kind"], c["text"]): c["outcome"] for c in data["changes"]}
        for place, outcome in (
                (("sum", "field", "pair.above"), "noticed"), (("sum", "moved", "i < 3"), "noticed"),
                (("sum", "dropped", "total += pair.above;"), "noticed"),
                (("share", "quotient", "static_cast<double>(pair.above) / pair.below"), "noticed"),
                (("share", "dropped", "*seen = true;"), "unnoticed"), (("never", "success", "x"), "unreached"),
                (("half", "quotient", "x / 2"), "noticed"), (("half", "moved", "x > 10"), "unnoticed"),
                (("half", "success", "raise ValueError(x)"), "unreached")):
            self.assertEqual(outcome, outcomes[place], place)
        self.assertEqual({"constexpr": 1, "template": 1, "compiled nowhere": 1}, data["blocked"])
        self.assertEqual({"one by one": 1}, data["refused"])  # the size of the array
        self.assertFalse(any(c["file"].endswith("_test.cc") for c in data["changes"]))
        self.assertEqual(TOY_CC, (self.root / "toy/toy.cc").read_text())

        # The same again tries nothing again; a change by its key is tried.
        key = next(c["key"] for c in data["changes"] if c["text"] == "*seen = true;")
        (self.root / "corpus").mkdir()
        (self.root / "corpus/equivalent_changes.txt").write_text(f"{key} nobody looks\n")
        status, again, _ = self.sabotage("toy", "--json")
        times = [[c["seconds"] for c in json.loads(each)["changes"]] for each in (text, again)]
        self.assertEqual((1, times[0]), (status, times[1]))
        self.assertEqual(data["counts"]["unnoticed"] - 1, json.loads(again)["counts"]["unnoticed"])
        status, one, _ = self.sabotage("toy", "--only", key)
        self.assertEqual(0, status)
        self.assertIn("tried 1 of 1: 0 noticed (0 by a status, 0 by a hang), 0 not noticed, 0 that no test comes to, "
                      "1 judged equivalent", one)
        status, _, errors = self.sabotage("toy", "--only", "0123456789ab")
        self.assertEqual((2, "sabotage.py: no such change: 0123456789ab\n"), (status, errors))

    def test_a_changed_program_ends_and_removes_nothing_of_others(self):
        process = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        with tempfile.NamedTemporaryFile() as other:
            for number, command in enumerate(("kill -9 -1 || exit 0", f"rm -f {other.name} {self.root}/toy/toy.h; : >/tmp/mine", "sleep 1000 & exit 0"), 1):
                test = sabotage_run.Test({"name": "x", "command": ["sh", "-c", command], "properties": []})
                test.cwd = self.root
                self.assertEqual("", sabotage_run.run([test], number).why, command)
            self.assertEqual((True, True, None), (os.path.exists(other.name), (self.root / "toy/toy.h").exists(), process.poll()))

    def test_a_program_that_does_not_end_is_ended(self):
        test = made_test("plain", "x", 0.001, limit=0.2)
        test.command, test.cwd = ["sleep", "1000"], self.root
        with mock.patch.object(sabotage_run, "HANG_SECONDS", 0):
            self.assertEqual("hang", sabotage_run.run([test], 1).why)

    def test_a_program_that_keeps_all_memory_ends(self):
        for gibibytes, expected in ((1, ""), (5, "status")):
            test = made_test("plain", "x", 1)
            test.command, test.cwd = [sys.executable, "-c", f"bytearray({gibibytes} << 30)"], self.root
            self.assertEqual(expected, sabotage_run.run([test], 1).why, gibibytes)

    def test_after_an_interrupt_nothing_runs_and_the_same_command_goes_on(self):
        begun, goes_on = self.root / "begun", self.root / "goes_on"
        os.mkfifo(begun)
        os.mkfifo(goes_on)
        # With a change on, but not the first, it says that it has begun, and waits.
        (self.root / "toy/script_test.py").write_text(f"""{SCRIPT_TEST}
if os.environ["STAMPEDE_SABOTAGE"] not in ("0", "1") and os.path.exists("{begun}"):
    with open("{begun}", "w", buffering=1) as out, open("{goes_on}") as gate:
        print("begun", file=out)
        gate.readline()
""")
        reader, gate = os.open(begun, os.O_RDONLY | os.O_NONBLOCK), os.open(goes_on, os.O_RDWR)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, gate)
        process = self.start("toy/script.py", "--json", "--jobs", "1")
        self.assertTrue(select.select([reader], [], [], 250)[0], "no test has begun")
        self.assertEqual(b"begun\n", os.read(reader, 100))
        process.send_signal(signal.SIGINT)
        begun.unlink()
        os.write(gate, b"\n")
        text, errors = process.communicate()
        self.assertEqual(130, process.returncode, errors)
        self.assertEqual(b"", os.read(reader, 100))  # the other end is closed: the test has ended, too
        tried = {c["key"]: c for c in json.loads(text)["changes"] if c["outcome"] != "not tried"}
        self.assertNotEqual({}, tried)
        status, text, errors = self.sabotage("toy/script.py", "--json", "--jobs", "1")
        self.assertEqual(1, status, errors)
        again = {c["key"]: c for c in json.loads(text)["changes"]}
        self.assertNotIn("not tried", [c["outcome"] for c in again.values()])
        self.assertEqual(tried, {key: again[key] for key in tried})

    def test_bad_arguments_are_refused(self):
        for words in (["nowhere"], ["--sample", "0"], ["--minutes", "0"], ["--jobs", "0"], ["--what"]):
            status, _, errors = self.sabotage(*words)
            self.assertEqual((2, True), (status, errors != ""), words)
        status, _, errors = self.sabotage("toy", "--work", "/tmp/stampede-sabotage-is-not-here")
        self.assertEqual((3, True), (status, "lies below /tmp, which they cannot see" in errors), errors)
        status, text, _ = self.sabotage("--help")
        self.assertEqual((0, True), (status, "Exit status: 0" in text))


if __name__ == "__main__":
    unittest.main()
