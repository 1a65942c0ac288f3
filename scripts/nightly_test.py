#!/usr/bin/env python3
# Runs scripts/nightly.sh with stand-ins for all that it starts: what is found is kept, told and counted, nothing stays behind.

import os
import re
import shutil
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from fake_tools_for_test import CRASH, HANG, LEAVE_BEHIND, ScriptTest  # noqa: E402

STAMPEDE, PROPERTY = "build/release/bin/stampede", "build/release/bin/toy_property"
# Like scripts/fuzz.sh, as far as it is asked: a line a target, and $FINDINGS of the first one.
FUZZ = (r'echo "told $TMPDIR" >&2; n=${FINDINGS:-0}; printf "toy\t%s\t1\t1000\t500\t90\t100\t3\t%d\n" "$3" "$n" >>"${13}"; ((n == 0)) || '
        r'{ mkdir -p "$9/fuzz/toy"; echo x >"$9/fuzz/toy/$3-crash-0"; exit 1; }')
EXPLORE = ('n=${VIOLATIONS:-0}; echo "{\\"schedules\\": 42, \\"violation_count\\": $n, \\"divergences\\": ${DIVERGENCES:-0}, '
           '\\"uncontrolled\\": 5}"; ((n == 0)) || echo x >"${11}/$3-one.json"; ((n + ${DIVERGENCES:-0} == 0)) || exit 1')
# Says what it was given to find its way.
CHECK = "echo \"told $RC_PARAMS $STAMPEDE_FOUND $TMPDIR\" >&2; echo 'OK, passed 100 tests'; echo 'OK, passed 1 test'; echo '[  PASSED  ] 2 tests.'"
ARGUMENTS = ("--seconds", "1", "--jobs", "2", "--seed", "5")
ROWS = ("fuzz toy, libfuzzer", "fuzz toy, afl", "properties", "explore sim", "explore live")
BUILDS = ["scripts/setup.sh", "cmake --preset release", "cmake --build --preset release --target stampede toy_property",
          "cmake --preset fuzz", "cmake --build --preset fuzz --target fuzz_toy",
          "cmake --preset afl", "cmake --build --preset afl --target fuzz_toy"]


def fuzz_call(engine, seconds, jobs=2):
    return (f"scripts/fuzz.sh all --engine {engine} --seconds {seconds} --jobs {jobs} --findings out/corpus --work out/work "
            f"--table out/log/fuzz-{engine}.tsv")


def explore_call(world, seconds, jobs=2):
    return f"{STAMPEDE} explore --world {world} --seconds {seconds} --jobs {jobs} --seed 5 --out out/corpus/plans --json"


class Nightly(ScriptTest):
    script = "nightly.sh"
    # Properties go on until their time is over; here that is one round.
    changes = {"doze 0.3": "doze 0.02", "(($(milliseconds_now) - began) / 1000 < seconds)": "(${ROUNDS:-1} > round)"}

    def setUp(self):
        super().setUp()
        self.out = self.root / "out"
        self.stand_in("scripts/setup.sh", "scripts/fuzz.sh", "scripts/live_probe.py", "tools/cmake", STAMPEDE, PROPERTY)
        self.write("fuzz/toy_fuzz.cc")
        self.write("properties/toy_property.cc")
        self.all_well()

    def all_well(self, first=""):
        """All parts as they should be, but for what comes first."""
        self.write("behaviour", first)
        self.behave("scripts/fuzz.sh *", FUZZ)
        self.behave(f"{STAMPEDE} explore *", EXPLORE)
        self.behave(PROPERTY, CHECK)

    def run_night(self, status, *words, **environment):
        output = self.expect(status, words, *ARGUMENTS, "--out", str(self.out), **environment)
        self.assertEqual(list(self.out.glob("tmp")), [], output)
        return output

    def row(self, output, name):
        """What the table says of a part: done, of what, found, remark."""
        found = re.findall(rf"^{name} +\d+ s +(\d+) (\w+) +(\d+)   (.*)$", output, re.M)
        self.assertEqual(len(found), 1, output)
        return found[0]

    def test_nothing_found(self):
        self.write("out/corpus/plans/of-another-night.json")
        os.utime(self.out / "corpus/plans/of-another-night.json", (1, 1))
        self.write("out/log/property-9-of_another_night.log", "OK, passed 50 tests\n")
        output = self.run_night(0, "\nnothing found\n", "seed 5\n", ROUNDS="3", TMPDIR="/a/place")
        self.assertNotIn("kept:", output)
        self.assertNotIn("note:", output)
        for engine in ("libfuzzer", "afl"):
            self.assertEqual(self.row(output, f"fuzz toy, {engine}"),
                             ("1000", "inputs", "0", "500/s, edges 90 of 100, 3 new inputs"))
        self.assertEqual(self.row(output, "properties"), ("303", "cases", "0", "3 rounds, seeds 5 to 7"))
        for world in ("sim", "live"):
            self.assertEqual(self.row(output, f"explore {world}")[:3], ("42", "schedules", "0"))
            self.assertRegex(output, rf"(?m)^explore {world} .* \d+/s, seeds from 5, 5 uncontrolled$")
        self.assertEqual(self.calls(), BUILDS + [fuzz_call("libfuzzer", 1), fuzz_call("afl", 1), *[PROPERTY] * 3,
                                                 explore_call("sim", 1), explore_call("live", 1)])
        for log, told in (("fuzz-afl", f"{self.out}/tmp"), *(
                (f"property-{n}-toy_property", f"seed={n + 4} {self.out}/corpus/plans /a/place") for n in (1, 2, 3))):
            self.assertIn(f"told {told}\n", (self.out / f"log/{log}.log").read_text())

    def test_a_seed_that_nobody_gave_is_fresh_and_told(self):
        seeds = []
        for _ in range(2):
            seeds += re.findall(r"searched for .*; seed (\d+)\n", self.expect(0, [], "--seconds", "1", "--out", "out"))
            self.assertIn(f"told seed={seeds[-1]} ", (self.out / "log/property-1-toy_property.log").read_text())
            self.assertEqual([call.split()[9] for call in self.calls() if "explore" in call], seeds[-1:] * 2)
        self.assertNotEqual(seeds[0], seeds[1])

    def test_programs_of_properties_run_side_by_side(self):
        self.write("properties/other_property.cc")
        self.stand_in("build/release/bin/other_property", "tools/xargs")
        xargs = shutil.which("xargs")
        self.all_well(f"xargs *\t{xargs} \"$@\"; exit $?\n")
        for jobs in ("1", "2"):
            self.behave("build/release/bin/other_property", CHECK)
            self.expect(0, [], "--seconds", "1", "--out", "out", "--jobs", jobs)
            calls = self.calls()
            self.assertEqual([call.split()[3:7] for call in calls if call.startswith("xargs ")], [["-P", jobs, "-n", "1"]])
            self.assertEqual(sorted(call for call in calls if call.endswith("_property") and " " not in call),
                             ["build/release/bin/other_property", PROPERTY])

    def test_time_is_shared_out(self):
        for arguments, fuzzing, sim, live in ((("--seconds", "200"), 45, 40, 30), (("--minutes", "10"), 135, 120, 90),
                                              (("--seconds", "7"), 1, 1, 1), (("--seconds", "14"), 3, 2, 2)):
            with self.subTest(arguments):
                self.expect(0, [], *arguments, "--out", "out", "--jobs", "3", "--seed", "5")
                self.assertEqual(self.calls(), BUILDS + [
                    fuzz_call("libfuzzer", fuzzing, 3), fuzz_call("afl", fuzzing, 3), PROPERTY, explore_call("sim", sim, 3),
                    explore_call("live", live, 3)])

    def test_a_crash_is_kept(self):
        output = self.run_night(1, f"kept: {self.out}/corpus/fuzz/toy/libfuzzer-crash-0\n", "nightly.sh: failed: 6 found (see above)",
                                FINDINGS="3")
        self.assertEqual([self.row(output, f"fuzz toy, {engine}")[2] for engine in ("libfuzzer", "afl")], ["3", "3"])
        self.assertTrue((self.out / "corpus/fuzz/toy/afl-crash-0").exists())
        self.assertNotIn("note:", output)

    def test_a_violation_is_kept(self):
        output = self.run_night(1, f"kept: {self.out}/corpus/plans/sim-one.json\n", f"kept: {self.out}/corpus/plans/live-one.json\n",
                                "nightly.sh: failed: 10 found", VIOLATIONS="2", DIVERGENCES="3")
        self.assertEqual([self.row(output, f"explore {world}")[2] for world in ("sim", "live")], ["5", "5"])
        self.assertNotIn("shrink", "".join(self.calls()))

    def test_a_divergence_alone_is_found(self):
        self.run_night(1, "nightly.sh: failed: 2 found", DIVERGENCES="1")

    def test_a_plan_that_a_property_found_is_kept_and_shrunk(self):
        self.all_well(f"{PROPERTY}\techo x | tee \"$STAMPEDE_FOUND/claim.json\" >\"$STAMPEDE_FOUND/claim-shrunk.json\"; exit 1\n")
        self.run_night(1, f"kept: {self.out}/corpus/plans/claim.json\n", "nightly.sh: failed: 1 found")
        self.assertEqual([call for call in self.calls() if "shrink" in call], [f"{STAMPEDE} shrink out/corpus/plans/claim.json"])

    def test_plans_that_fuzzing_found_are_shrunk(self):
        find = 'echo x >"$9/plans/fuzz-one.json"; '
        for code, words in (("exit 0", ""), ("echo it holds; exit 2", "log/shrink.log: it holds\n"), (CRASH, "with status 139")):
            with self.subTest(code):
                self.all_well(f"scripts/fuzz.sh * libfuzzer *\t{find}\n{STAMPEDE} shrink *\t{code}\n")
                output = self.run_night(1, words, FINDINGS="1")
                self.assertEqual(self.calls()[-1], f"{STAMPEDE} shrink out/corpus/plans/fuzz-one.json")
                self.assertEqual("note: shrinking fuzz-one.json failed" in output, code != "exit 0")

    def test_a_failed_property_is_told_with_its_seed(self):
        self.all_well(f"{PROPERTY}\techo '[  FAILED  ] 1 test.'; [[ $RC_PARAMS == seed=5 ]] && exit 1\n")
        output = self.run_night(1, "log/property-1-toy_property.log; again with RC_PARAMS=\"seed=5\"\n", "failed: 1 found")
        self.assertEqual(self.row(output, "properties")[2], "1")

    def test_a_property_that_checked_nothing_fails(self):
        for code in ("exit 0", "echo '[  PASSED  ] 0 tests.'; exit 0"):
            with self.subTest(code):
                self.all_well(f"{PROPERTY}\t{code}\n")
                self.run_night(1, "note: a program did not check its properties to the end: ", "log/property-1-toy_property.log\n")

    def test_a_part_that_fails_is_named(self):
        for pattern, status, words in (
                ("scripts/fuzz.sh * libfuzzer *", 1, "fuzzing with libfuzzer failed with status 1: "),
                ("scripts/fuzz.sh * afl *", 2, "fuzzing with afl failed with status 2: "),
                ("scripts/fuzz.sh * afl *", 139, "fuzzing with afl failed with status 139: "),
                ("scripts/fuzz.sh * afl *", 0, "fuzzing with afl failed with status 0: "),
                (PROPERTY, 1, "toy_property failed: "), (PROPERTY, 139, "toy_property failed: "),
                ("* --world sim *", 1, "exploring sim failed with status 1: "),
                ("* --world live *", 2, "exploring live failed with status 2: "),
                ("* --world sim *", 3, "exploring sim failed with status 3: "),
                ("* --world live *", 139, "exploring live failed with status 139: "),
                ("* --world live *", 0, "exploring live failed with status 0: ")):
            with self.subTest(pattern, status=status):
                self.all_well(f"{pattern}\t{CRASH if status == 139 else f'exit {status}'}\n")
                output = self.run_night(1, f"note: {words}", "nightly.sh: failed: ")
                for row in ROWS:
                    if not (row.startswith("fuzz toy") and f"{row[10:]} failed" in output):
                        self.row(output, row)

    def test_an_engine_that_failed_beside_one_with_findings_is_named(self):
        self.all_well("scripts/fuzz.sh * afl *\texit 1\nscripts/fuzz.sh * libfuzzer *\tFINDINGS=1\n")
        self.run_night(1, "note: fuzzing with afl failed with status 1: ", "failed: 1 found")

    def test_numbers_that_cannot_be_read_are_a_failure(self):
        self.all_well("* --world sim *\techo '{\"schedules\": 4'; exit 0\n")
        self.run_night(1, "note: exploring sim failed with status 0: ")

    def test_status_1_without_anything_found_is_a_failure(self):
        self.all_well("* --world live *\techo '{\"schedules\": 4, \"violation_count\": 0, \"divergences\": 0}'; exit 1\n")
        self.run_night(1, "note: exploring live failed with status 1: ", "nightly.sh: failed: 0 found")

    def test_properties_that_cannot_be_started_are_a_failure(self):
        self.write("tools/xargs", "#!/bin/sh\nexit 125\n")
        self.run_night(1, "note: properties, round 1 failed with status 125: ")

    def test_before_the_search_each_part_that_fails_ends_it(self):
        self.expect_parts_to_matter([("scripts/setup.sh", "nightly.sh: set-up failed with status 1")], *ARGUMENTS, status=3)
        self.expect_parts_to_matter([("cmake --preset release", "nightly.sh: preset release could not be built: status 1"),
                                     ("cmake --build --preset fuzz *", "nightly.sh: preset fuzz could not be built: status 1"),
                                     ("cmake --build --preset afl *", "nightly.sh: preset afl could not be built: status 1")],
                                    *ARGUMENTS)

    def test_no_live_world_is_said(self):
        without = "* --world live *\techo no live world here >&2; exit 3\n"
        self.all_well(without)
        self.run_night(1, "note: exploring live failed with status 3: ")
        self.all_well(without + "scripts/live_probe.py\texit 3\n")
        output = self.run_night(0)
        self.assertEqual(self.row(output, "explore live"), ("0", "schedules", "0", "not applicable here: no live world here"))

    def test_what_stays_behind_is_ended(self):
        self.all_well(f"* --world sim *\t{LEAVE_BEHIND}\n")
        self.run_night(0, "note: exploring sim: 1 processes were left behind; they were ended\n")

    def test_a_part_that_does_not_end_is_ended(self):
        self.change_script("kGraceSeconds=120", "kGraceSeconds=-1")
        for pattern, words in (("* --world sim *", "exploring sim"), (PROPERTY, "properties, round 1")):
            with self.subTest(pattern):
                self.all_well(f"{pattern}\t{LEAVE_BEHIND} {HANG}\n")
                self.run_night(1, f"note: {words}: did not end in time, and was ended\n")

    def test_an_interrupt_tells_what_was_done(self):
        says = """trap 'echo "{\\"schedules\\": 7}"; exit 130' TERM; echo >&"$FAKE_ALIVE"; for n in {1..2000}; do sleep 0.05; done"""
        for pattern, number, rows in (("scripts/fuzz.sh * afl *", signal.SIGINT, ROWS[:1]), (PROPERTY, signal.SIGTERM, ROWS[:3]),
                                      ("* --world sim *", signal.SIGINT, ROWS[:4]), ("* --world live *", signal.SIGTERM, ROWS)):
            with self.subTest(pattern):
                self.all_well(f"{pattern}\t{says if 'world' in pattern else HANG}\n")
                running = self.start(*ARGUMENTS, "--out", str(self.out))
                running.interrupt(number)
                status, output = running.end()
                self.assertEqual(status, 130, output)
                self.assertEqual([row for row in ROWS if re.search(f"(?m)^{row} ", output)], list(rows), output)
                self.assertIn("nightly.sh: interrupted: this is what was done before\n", output)
                if "world" in pattern:
                    self.assertEqual(self.row(output, rows[-1])[0], "7")

    def test_arguments(self):
        self.expect_help()
        self.expect_usage_errors(
            ("", "--minutes is missing"), ("--minutes 0", "--minutes wants a number above 0, not '0'"), ("--minutes", "--minutes wants a value"),
            ("--minutes 1 --what", "unknown argument '--what'"), ("--minutes 99999999", "--minutes wants 10000 at most"),
            ("--seconds 600001", "--minutes wants 10000 at most"), ("--seconds 1 --jobs x", "--jobs wants a number above 0"),
            ("--seconds 1 --seed -3", "--seed wants a number above 0"), ("--out", "--out wants a value"))


if __name__ == "__main__":
    unittest.main()
