#!/usr/bin/env python3
# Tests scripts/sabotage.py: that it tells what no test notices, and why what was noticed was.

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
enable_testing()
add_executable(toy toy/toy.cc toy/toy_test.cc)
target_include_directories(toy PRIVATE ${PROJECT_SOURCE_DIR})
foreach(name sum share fails hangs)
  add_test(NAME ${name} COMMAND toy ${name})
endforeach()
add_test(NAME script COMMAND python3 ${PROJECT_SOURCE_DIR}/toy/script_test.py)
"""
TOY_H = "struct Pair { int above = 0; int below = 1; };\nint sum(const Pair& pair);\ndouble share(const Pair& pair, bool* seen);\nint never(int x);\n"
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


class Figures(unittest.TestCase):
    def setUp(self):
        self.changes = changes_of_script("(1, 2, 3, 4, 5, 6)")
        derive.name_all(self.changes)
        for number, change in enumerate(self.changes, 1):
            change.number = number
        outcomes = ("noticed", "unnoticed", "unreached", "unnoticed", "noticed")
        self.results = {c.key: {"key": c.key, "outcome": outcome} for c, outcome in zip(self.changes, outcomes)}

    def test_shares_leave_out_what_was_judged_equivalent_and_what_was_not_tried(self):
        equivalent = {self.changes[3].key: "why", self.changes[0].key: "noticed all the same"}
        counts, share = sabotage.totals_of(self.changes, self.results, equivalent)
        self.assertEqual({"noticed": 2, "unnoticed": 1, "unreached": 1, "equivalent": 1, "not tried": 1}, dict(counts))
        self.assertEqual(0.5, share)
        self.assertEqual((None, 6), (lambda c, s: (s, c["not tried"]))(*sabotage.totals_of(self.changes, {}, {})))

    def test_text_and_json_say_the_same(self):
        equivalent = {self.changes[3].key: "why"}
        what = (self.changes, self.results, equivalent, {"template": 7, "constexpr": 11}, 13, 40)
        text, data = sabotage.text_of(*what), json.loads(sabotage.json_of(*what))
        self.assertIn("changes found: 40; of these cannot be switched: constexpr 11, template 7; refused by the compiler: 13", text)
        self.assertIn("tried 5 of 6: 2 noticed, 1 not noticed, 1 that no test comes to, 1 judged equivalent; noticed of the rest: 50.0 %", text)
        self.assertRegex(text, r"(?m)^constant +2 +1 +1 +1$")
        for change, is_told in zip(self.changes, (False, True, True, False, False, False)):
            self.assertEqual(is_told, change.key in text, change.text)
        self.assertEqual((40, 13, 6, 0.5, {"constexpr": 11, "template": 7}),
                         (data["found"], data["refused"], data["chosen"], data["share"], data["blocked"]))
        self.assertEqual(["noticed", "unnoticed", "unreached", "unnoticed", "noticed", "not tried"], [c["outcome"] for c in data["changes"]])
        self.assertEqual([None, None, None, "why", None, None], [c["equivalent"] for c in data["changes"]])

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
        def test(program, name, seconds, locks=()):
            made = sabotage_run.Test({"name": name, "command": [program, f"--gtest_filter={name}"] if program != "plain" else ["plain"],
                                  "properties": [{"name": "RESOURCE_LOCK", "value": list(locks)}, {"name": "TIMEOUT", "value": 7}]})
            made.seconds = seconds
            return made

        tests = [test("a", "A.x", 0.1), test("b", "B.x", 0.05), test("a", "A.y", 0.1), test("a", "A.slow", 0.3), test("plain", "p", 0.01),
                 test("b", "B.locked", 0.02, ["one_core"])]
        self.assertEqual([["p"], ["B.locked"], ["B.x"], ["A.x", "A.y"], ["A.slow"]],
                         [[each.name for each in batch] for batch in sabotage_run.batches_of(tests)])
        self.assertEqual((7, frozenset(["one_core"])), (tests[5].limit, tests[5].locks))


class Toy(unittest.TestCase):
    """A small project, from its sources to the report."""

    def setUp(self):
        # Not below /tmp: a changed program has one of its own, and can write nowhere else on a disk.
        self.root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp" if os.access("/var/tmp", os.W_OK) else "/dev/shm"))
        self.addCleanup(shutil.rmtree, self.root)
        for name, text in (("CMakePresets.json", PRESETS), ("CMakeLists.txt", LISTS), ("toy/toy.h", TOY_H), ("toy/toy.cc", TOY_CC),
                           ("toy/toy_test.cc", TOY_TEST), ("toy/script.py", SCRIPT), ("toy/script_test.py", SCRIPT_TEST), (".gitignore", "build\n")):
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
        self.assertEqual({"constexpr": 1, "template": 1}, data["blocked"])
        self.assertEqual(1, data["refused"])  # the size of the array
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
        self.assertIn("tried 1 of 1: 0 noticed, 0 not noticed, 0 that no test comes to, 1 judged equivalent", one)
        status, _, errors = self.sabotage("toy", "--only", "0123456789ab")
        self.assertEqual((2, "sabotage.py: no such change: 0123456789ab\n"), (status, errors))

    def test_a_changed_program_ends_and_removes_nothing_of_others(self):
        with tempfile.NamedTemporaryFile() as other, subprocess.Popen(["sleep", "1000"]) as process:
            for number, command in enumerate(("kill -9 -1 || exit 0", f"rm -f {other.name} {self.root}/toy/toy.h; : >/tmp/mine", "sleep 1000 & exit 0"), 1):
                test = sabotage_run.Test({"name": "x", "command": ["sh", "-c", command], "properties": []})
                test.cwd = self.root
                self.assertTrue(sabotage_run.run([test], number)[0], command)
            self.assertEqual((True, True, None), (os.path.exists(other.name), (self.root / "toy/toy.h").exists(), process.poll()))
            process.kill()

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
