#!/usr/bin/env python3
# Runs scripts/run.sh with stand-ins for all that it starts: the verdict is that of the worst part of the main job.

import json
import sys
import unittest

sys.dont_write_bytecode = True
from fake_tools_for_test import SCRIPTS, ScriptTest  # noqa: E402

STAMPEDE = "build/release/bin/stampede"
JOB = [f"{STAMPEDE} explore --world free --models onnx --processes 16 --runs 20 --seed 1 --fault-share 0.5",
       f"{STAMPEDE} explore --world free --models onnx --processes 16 --runs 20 --seed 2 --fault-share 0.5 --directories separate",
       f"{STAMPEDE} bench"]
LOOK = [f"{STAMPEDE} explore --world sim --runs 2000 --seed 1",
        f"{STAMPEDE} show corpus/plans/lock_is_exclusive.json --explain --subject build/release/mutants/lock_taken_for_reading.so"]
CALLS = (["scripts/setup.sh", "cmake --preset release",
          "cmake --build --preset release --target stampede mutant_lock_taken_for_reading"] + LOOK
         + ["cmake --preset release", "cmake --build --preset release --target stampede modelcache_command"] + JOB)
HELD = "verdict: every promise that was judged held, on real models and with half of the connections at fault"
BROKEN = "run.sh: verdict: a promise was broken; the lines above name it and the command that replays it"
FAILED = "run.sh: verdict: none; a part of the main job failed (see above)"
UNABLE = "run.sh: verdict: none; this machine cannot do it (see above)"


class RunScript(ScriptTest):
    script = "run.sh"

    def setUp(self):
        super().setUp()
        self.stand_in("scripts/setup.sh", "tools/cmake", STAMPEDE)

    def test_the_worst_part_decides(self):
        for statuses, status, verdict in (
                ((0, 0, 0), 0, HELD), ((1, 0, 0), 1, BROKEN), ((0, 1, 0), 1, BROKEN), ((0, 0, 1), 1, BROKEN),
                ((3, 0, 0), 3, UNABLE), ((0, 3, 3), 3, UNABLE), ((3, 1, 3), 1, BROKEN), ((1, 3, 2), 1, BROKEN),
                ((2, 0, 0), 1, FAILED), ((0, 139, 3), 1, FAILED), ((3, 139, 0), 1, FAILED), ((139, 0, 1), 1, BROKEN)):
            with self.subTest(statuses):
                self.write("behaviour", "".join(f"{call}\texit {status}\n" for call, status in zip(JOB, statuses)))
                *lines, last, times = self.expect(status, []).splitlines()
                self.assertEqual(self.calls(), CALLS)
                self.assertEqual(last, verdict)
                self.assertRegex(times, r"^set-up \d+\.\d s, build \d+\.\d s, run \d+\.\d s$")
                self.assertEqual([line for line in lines if line.startswith("run.sh: ")],
                                 [f"run.sh: status {status}: {call}" for call, status in zip(JOB, statuses) if status])

    def test_figures_that_cannot_be_measured_are_no_verdict(self):
        self.behave(JOB[2], "exit 3")
        *_, verdict, unmeasured, _ = self.expect(0, [f"run.sh: status 3: {JOB[2]}\n"]).splitlines()
        self.assertEqual((verdict, unmeasured), (HELD, "some figures cannot be measured on this machine (see above)"))

    def test_each_part_that_fails_is_named(self):
        self.expect_parts_to_matter([("scripts/setup.sh", "run.sh: set-up failed with status 1")], status=3)
        self.expect_parts_to_matter([
            ("cmake --preset release", "run.sh: preset release could not be built: status 1"),
            ("cmake --build *", "run.sh: preset release could not be built: status 1"),
            *((call, f": {call}\n") for call in LOOK + JOB)])

    def test_what_it_shows_first_is_there(self):
        plan = json.loads((SCRIPTS.parent / "corpus/plans/lock_is_exclusive.json").read_text())
        self.assertIn("lock_taken_for_reading", plan["kills"])
        self.assertTrue((SCRIPTS.parent / "corpus/mutants/lock_taken_for_reading.patch").is_file())

    def test_an_interrupt_that_only_a_part_noticed_ends_all(self):
        for call in ("scripts/setup.sh", "cmake --build *", JOB[0]):
            with self.subTest(call):
                self.write("behaviour", f"{call}\texit 130\n")
                self.assertNotIn("verdict", self.expect(130, []))

    def test_arguments(self):
        self.expect_help()
        self.expect_usage_errors(("--what", "unknown argument '--what'"))


if __name__ == "__main__":
    unittest.main()
