#!/usr/bin/env python3
# Runs scripts/pr.sh with stand-ins for all that it starts: each part is called, and each that fails fails the whole.

import sys
import unittest

sys.dont_write_bytecode = True
from fake_tools_for_test import ScriptTest  # noqa: E402

REPLAY = "build/release/bin/stampede replay corpus/plans --seeds corpus/seeds.txt"
CALLS = [
    "scripts/setup.sh", "python3 scripts/lint.py", "cmake --preset release", "cmake --build --preset release",
    "ctest --preset release --progress -LE ^(live|mutant|bench-smoke|slow)$", REPLAY + " --world both",
    "build/release/bin/stampede bench --world sim --scenario replay --runs 3",
    "build/release/bin/stampede bench --world live --scenario live_same --scenario live_drawn --runs 1"]


class PrScript(ScriptTest):
    script = "pr.sh"

    def setUp(self):
        super().setUp()
        self.stand_in("scripts/setup.sh", "scripts/live_probe.py", "tools/cmake", "tools/ctest", "tools/python3", "build/release/bin/stampede")

    def test_all_well(self):
        output = self.expect(0, [])
        self.assertEqual(self.calls(), CALLS)
        self.assertRegex(output, r"\nthe quick check passed \(\d+\.\d s after the build, \d+\.\d s in all\)\n$")

    def test_each_part_that_fails_ends_it_and_is_named(self):
        self.expect_parts_to_matter([("scripts/setup.sh", "pr.sh: set-up failed with status 1")], status=3)
        self.expect_parts_to_matter([
            ("python3 scripts/lint.py", "pr.sh: lint found something\n"),
            ("cmake --preset release", "pr.sh: preset release could not be built: status 1"),
            ("cmake --build --preset release", "pr.sh: preset release could not be built: status 1"),
            ("ctest *", "pr.sh: a test failed\n"),
            ("*stampede replay *", "pr.sh: a stored plan failed\n"),
            ("*stampede bench --world sim *", "pr.sh: a benchmark failed\n"),
            ("*stampede bench --world live *", "pr.sh: a benchmark failed\n")])

    def test_what_configuring_said_is_shown(self):
        self.behave("cmake --preset release", "echo no such compiler >&2; exit 1")
        self.expect(1, ["no such compiler\n"])
        self.assertEqual(self.calls()[-1], "cmake --preset release")

    def test_without_a_live_world_the_simulated_one_counts(self):
        self.behave("* --world both", "exit 3")
        self.behave("* --world live *", "exit 3")
        self.behave("scripts/live_probe.py", "exit 3")
        self.expect(0, ["not applicable: this machine has no live world"])
        self.assertEqual(self.calls(), CALLS[:6] + ["scripts/live_probe.py", REPLAY] + CALLS[6:] + ["scripts/live_probe.py"])
        for status in (1, 3):
            with self.subTest(status):
                self.write("behaviour", f"scripts/live_probe.py\texit 3\n* --world both\texit 3\n*stampede replay*\texit {status}\n")
                self.expect(1, ["pr.sh: a stored plan failed\n"])
                self.assertEqual(self.calls()[-1], REPLAY)

    def test_a_live_world_that_is_possible_is_never_not_applicable(self):
        self.behave("* --world both", "exit 3")
        self.expect(1, ["pr.sh: no plan was replayed live, and live is possible here\n"])
        self.write("behaviour", "* --world live *\texit 3\n")
        self.expect(1, ["pr.sh: a benchmark failed\n"])

    def test_the_simulated_world_is_never_not_applicable(self):
        self.behave("*stampede bench --world sim *", "exit 3")
        self.expect(1, ["pr.sh: a benchmark failed\n"])

    def test_arguments(self):
        self.expect_help()
        self.expect_usage_errors(("--quick", "unknown argument '--quick'"))


if __name__ == "__main__":
    unittest.main()
