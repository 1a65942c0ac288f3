#!/usr/bin/env python3
# Asks the probe of live where seccomp or a program is missing, and runs live tests where the live world alone is broken.
"""usage: scripts/live_probe_test.py [STAMPEDE [TEST_PROGRAM...]]

STAMPEDE is the command, which must say of this machine what the probe says; of each program a live test is run.
"""

import ctypes
import json
import os
import pathlib
import platform
import re
import struct
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import live_probe  # noqa: E402

SCRIPTS = pathlib.Path(__file__).resolve().parent
IS_X86 = platform.machine() == "x86_64"
SECCOMP, MEMORY_FILE = (317, 319) if IS_X86 else (277, 279)
STAMPEDE, PROGRAMS = sys.argv[1:2], sys.argv[2:]
# One test of each that needs the world, and is skipped where there is none.
TESTS = {
    "live_test": "LiveTest.PassesReportsBeforeTheNextStep",
    "command_world_test": "CommandWorldTest.EndsDaemonsThatACommandLeaves",
    "live_sim_test": "LiveSim.TakesTheSameStepsForOneGet",
    "live_command_test": "LiveCommand.ReplaysInBothWorlds",
    "live_fidelity_property": "LiveFidelity.DrawnPlansRunLiveAsTheyAreSimulated",
}


def refuse(call, flag=None):
    """For a process about to be executed: from now on the call fails with EINVAL, where its second argument has the flag."""
    has_flag = [] if flag is None else [(0x20, 0, 0, 24), (0x45, 0, 1, flag)]
    lines = [(0x20, 0, 0, 0), (0x15, 0, 1 + len(has_flag), call), *has_flag,
             (0x06, 0, 0, 0x00050000 | 22), (0x06, 0, 0, 0x7FFF0000)]

    def prepare():
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
        libc = ctypes.CDLL(None)
        libc.prctl(38, 1, 0, 0, 0)
        assert libc.syscall(SECCOMP, 1, 0, struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code))) == 0
    return prepare


def run(*words, prepare=None, **environment):
    ended = subprocess.run(words, preexec_fn=prepare, env=dict(os.environ, **environment), text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ended.returncode, ended.stdout


def probe(*arguments, prepare=None, **environment):
    return run(sys.executable, SCRIPTS / "live_probe.py", *arguments, prepare=prepare, **environment)


IS_POSSIBLE = probe()[0] == 0


class Probe(unittest.TestCase):
    def test_it_knows(self):
        status, text = probe()
        self.assertIn((status, text == "live is possible here\n"), [(0, True), (3, False)], text)

    def test_a_call_that_is_refused_is_said(self):
        self.assertEqual(probe(prepare=refuse(SECCOMP)), (3, "a notifying filter: Invalid argument\n"))

    def test_both_flags_are_needed(self):
        for flag in (1 << 3, 1 << 5):
            self.assertEqual(probe(prepare=refuse(SECCOMP, flag)), (3, "a notifying filter: Invalid argument\n"))

    def test_an_answer_that_is_another_is_said(self):
        true = live_probe.answers_one_call
        self.addCleanup(setattr, live_probe, "answers_one_call", true)
        for came_back, was_it, said in ((True, True, ""), (False, True, "a call was not answered as it was meant"),
                                        (True, False, "a call was not answered as it was meant")):
            live_probe.answers_one_call = lambda both=(came_back, was_it): both
            self.assertEqual(live_probe.why_not([]), said)

    def test_help(self):
        for word in ("-h", "--help"):
            status, text = probe(word)
            self.assertEqual(status, 0)
            self.assertIn("Exit status: 0 possible; 3 not", text)

    def test_it_needs_no_privilege(self):
        drop, system_administration = 24, 21  # from the bounding set, so that what is executed has it not

        def give_up():
            ctypes.CDLL(None).prctl(drop, system_administration, 0, 0, 0)
        self.assertEqual(probe(prepare=give_up), probe())

    def test_a_missing_program_is_said(self):
        self.assertEqual(probe("sh", "no-such-program"), (3, "no-such-program is not in the PATH\n"))
        self.assertEqual(probe("sh", PATH="/nowhere"), (3, "sh is not in the PATH\n"))
        self.assertEqual(probe("sh")[0], 0 if IS_POSSIBLE else 3)

    def test_process_numbers_are_asked_for_where_they_are_needed(self):
        unshare = 272 if IS_X86 else 97
        status, text = probe("--process-numbers", prepare=refuse(unshare))
        self.assertEqual((status, text), (3, "no namespace of process numbers\n"))
        self.assertEqual(probe(prepare=refuse(unshare))[0], 0 if IS_POSSIBLE else 3)

    @unittest.skipUnless(STAMPEDE, "no stampede was given")
    def test_the_command_says_the_same(self):
        status, text = run(STAMPEDE[0], "doctor", "--json")
        said = json.loads(text)
        self.assertEqual(said["live"]["runs_here"], IS_POSSIBLE, said)
        self.assertEqual(said["live_commands"]["runs_here"], IS_POSSIBLE, said)
        self.assertEqual(status, 0 if IS_POSSIBLE else 3)
        if IS_POSSIBLE:
            self.assertEqual(said["process_namespaces"], probe("--process-numbers")[0] == 0, said)


class Skips(unittest.TestCase):
    def test_each_skip_of_a_live_test_asks_the_probe(self):
        """`why_not` comes from run_or_say_why, which has asked."""
        root, seen = SCRIPTS.parent, 0
        for pattern in ("harness/live/*", "harness/run/*live*", "harness/cli/*", "properties/*live*"):
            for file in root.glob(pattern):
                text = file.read_text() if file.suffix in (".cc", ".h") else ""
                for skip in re.findall(r"GTEST_SKIP\(\)([^;]*);", text):
                    seen += 1
                    self.assertRegex(skip, r'\bnot_live_here\(|<< why_not_?$|<< "not applicable: ', file)
        self.assertGreater(seen, 10)


@unittest.skipUnless(PROGRAMS, "no program was given")
class LiveTests(unittest.TestCase):
    def run_each(self, call):
        for program in PROGRAMS:
            test = TESTS[pathlib.Path(program).name]
            status, text = run(program, "--gtest_filter=" + test, prepare=refuse(call))
            self.assertIn(f"[ RUN      ] {test}\n", text, program)
            yield test, status, text

    @unittest.skipUnless(IS_POSSIBLE, "not applicable: live is not possible here")
    def test_they_fail_where_only_the_live_world_is_broken(self):
        for test, status, text in self.run_each(MEMORY_FILE):
            self.assertEqual(status, 1, text)
            self.assertIn("live is possible here, so this is no reason to skip: ", text)
            self.assertIn(f"[  FAILED  ] {test}", text)
            self.assertNotIn("[  SKIPPED ]", text)

    def test_they_are_skipped_with_a_reason_where_live_is_not_possible(self):
        for test, status, text in self.run_each(SECCOMP):
            self.assertEqual(status, 0, text)
            self.assertIn(f"[  SKIPPED ] {test}", text)
            self.assertRegex(text, r"Skipped\n.*Invalid argument")
            self.assertNotIn("[  FAILED  ]", text)

    def test_each_program_is_one_that_is_known(self):
        self.assertEqual(sorted(pathlib.Path(program).name for program in PROGRAMS), sorted(TESTS))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
