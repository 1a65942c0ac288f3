#!/usr/bin/env python3
# Asks the probe of live where seccomp or a program is missing, and runs all live tests where the live world alone is broken.
"""usage: scripts/live_probe_test.py [STAMPEDE [TEST_PROGRAM...]]

STAMPEDE is the command, which must say of this machine what the probe says; of each program all tests are run.
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
ROOT = SCRIPTS.parent
IS_X86 = platform.machine() == "x86_64"
SECCOMP, MEMORY_FILE = (317, 319) if IS_X86 else (277, 279)
STAMPEDE, PROGRAMS = sys.argv[1:2], sys.argv[2:]
# The programs with tests that need the world, and which of their tests need none, with the reason. All others fail where only
# the live world is broken, and are skipped where there can be none.
PROGRAMS_OF_LIVE_TESTS = {
    "live_test": {},
    "live_skip_test": {
        "LiveSkip.AsksTheProbeOfTheProject": "of the probe",
        "LiveSkip.IsAFailureWhereLiveIsPossible": "of a probe of its own",
        "LiveSkip.IsAFailureWhereNobodyKnows": "of a probe of its own",
        "LiveSkip.IsForWhatTheMachineCannotDo": "of a probe of its own",
    },
    "command_world_test": {},
    "live_sim_test": {"Stopwatch.CountsThisProcessAndItsChildren": "a clock"},
    "live_command_test": {
        "CommandSubject.IsRefusedWhereItCannotRun": "usage errors",
        "Doctor.SaysWhetherTheLiveWorldRunsHere": "its answer is compared with the probe's here",
        "LiveCommand.RefusesWhatOnlyAnotherWorldTakes": "usage errors",
    },
    "live_fidelity_property": {},
}
# The skips that ask no probe: the reason, the condition, and the files in which it stands, once for each time.
SKIPS = (
    ("run_or_say_why has asked: LiveTests would see it if it had not", "!why_not.empty()",
     ["harness/cli/posix_command_end_test.cc", *["harness/cli/posix_command_subject_test.cc"] * 6]),
    ("as above", "!can_run_", ["harness/cli/posix_live_command_test.cc"] * 9),
    ("beside a device of its own there is nothing to confuse", "ours.st_dev == theirs.st_dev", ["harness/live/command_world_test.cc"]),
    ("under a sanitizer nobody asks the probe", "kIsSanitized", ["harness/live/live_skip_test.cc"]),
    ("a sanitizer needs descriptors for its own checks", "kIsSanitized",
     [*["harness/faults/posix_listeners_test.cc"] * 2, "harness/run/kernel_comparison_test.cc", "harness/run/posix_benchmark_test.cc"]),
    ("a sanitizer makes system calls of its own", "", ["harness/sim/posix_nothing_real_test.cc"]),
    ("another user is needed, or one that may be any", "!is_root()",
     [*["harness/run/kernel_comparison_test.cc"] * 2, "harness/run/posix_kernel_comparison_test.cc",
      "properties/kernel_fidelity_property.cc"]),
    ("nobody may run the program where it lies", "!can_run_without_root(kCommand)",
     ["cache/command/command_test.cc", "cache/command/upkeep_command_test.cc"]),
    ("there is no tmpfs to write to", "!kernel", ["harness/run/kernel_comparison_test.cc"] * 2),
    ("the subject's programs are not installed", "const auto missing = missing_needs(subject); !missing.empty()",
     ["harness/run/subject_run_test.cc"] * 4),
    ("the machine has no IPv6", "!six", ["harness/faults/posix_listeners_test.cc"]),
    ("the machine has no terminals", "terminal < 0", ["harness/free/posix_interrupt_test.cc"]),
    ("the machine has one core", "cores() == 1", ["harness/run/posix_traced_calls_test.cc"]),
    ("the machine has one core", "CPU_COUNT(&may) < 2", ["cache/posix_processor_test.cc"]),
    ("a build without archives has none", "!std::filesystem::exists(small)", ["harness/cli/posix_usage_test.cc"]),
)


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


def sources():
    return [file for folder in ("cache", "harness", "fuzz", "properties") for end in ("cc", "h")
            for file in (ROOT / folder).glob(f"**/*.{end}")]


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
    def test_each_skip_asks_the_probe_or_is_named_here(self):
        found = []
        for file in sources():
            text = file.read_text()
            skips = re.findall(r"^(?: *if \((.*)\)\s+| *)GTEST_SKIP\(\)([^;]*);", text, re.M)
            self.assertEqual(len(skips), text.count("GTEST_SKIP("), f"{file}: a skip stands behind its condition")
            found += [(str(file.relative_to(ROOT)), condition) for condition, said in skips if not re.search(r"\bnot_live_here\(", said)]
        self.assertEqual(sorted(found), sorted((file, condition) for _, condition, files in SKIPS for file in files))

    def test_each_program_of_live_tests_is_run_below(self):
        """Those that say so in their labels, and those whose tests ask the probe."""
        live = set()
        for file in [*ROOT.glob("harness/**/CMakeLists.txt"), ROOT / "properties/CMakeLists.txt"]:
            for name, rest in re.findall(r"(?m)^stampede_add_(?:test|property)\((\w+)([^)]*)\)", file.read_text()):
                asks = any(re.search(r"\b(not_live_here|run_or_say_why)\(|/live/(live|command)_for_test\.h\"", (file.parent / source).read_text())
                           for source in re.findall(r"[\w/]+\.cc", rest))
                if asks or re.search(r"LABELS[^)]*\blive\b", rest):
                    live.add(name)
        self.assertEqual(live, set(PROGRAMS_OF_LIVE_TESTS))
        if PROGRAMS:
            self.assertEqual({pathlib.Path(program).name for program in PROGRAMS}, live)


@unittest.skipUnless(PROGRAMS, "no program was given")
class LiveTests(unittest.TestCase):
    def check_each(self, call, ending, words):
        """Runs all tests where the call fails: each ends so and says this, but for those that need no live world."""
        for program in PROGRAMS:
            needs_none = PROGRAMS_OF_LIVE_TESTS[pathlib.Path(program).name]
            status, text = run(program, prepare=refuse(call))
            said = re.findall(r"(?ms)^\[ RUN      \] (\S+)\n(.*?)^\[ +(OK|SKIPPED|FAILED) +\] ", text)
            self.assertEqual(len(said), text.count("[ RUN      ] "), text)
            self.assertGreaterEqual({name for name, _, _ in said}, set(needs_none), program)
            for name, lines, end in said:
                self.assertEqual(end, "OK" if name in needs_none else ending, f"{name}\n{lines}")
                if name not in needs_none:
                    self.assertRegex(lines, words, name)
            is_failure = ending == "FAILED" and len(needs_none) < len(said)
            self.assertEqual(status, 1 if is_failure else 0, text)

    @unittest.skipUnless(IS_POSSIBLE, "not applicable: live is not possible here")
    def test_they_fail_where_only_the_live_world_is_broken(self):
        self.check_each(MEMORY_FILE, "FAILED", "live is possible here, so this is no reason to skip: ")

    def test_they_are_skipped_with_a_reason_where_live_is_not_possible(self):
        self.check_each(SECCOMP, "SKIPPED", r"Skipped\n.*Invalid argument")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
