#!/usr/bin/env python3
# Reads what ctest prints where all passed, some failed, and some were skipped.

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from ctest_summary import summary  # noqa: E402

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctest_summary.py")
SKIPPED_OUTPUT = """\
1/6 Test #348: A.B ..............***Skipped   0.00 sec
2/6 Test #313: A.C ..............***Skipped   0.01 sec

100% tests passed, 0 tests failed out of 460

Total Test time (real) =   0.26 sec

The following tests did not run:
	313 - A.C (Skipped)
	348 - A.B (Skipped)
"""


def log_of(*reasons):
    return "".join(
        f"[ RUN      ] A.B\n../../cache/a_test.cc:30: Skipped\n{reason}\n[  SKIPPED ] A.B (0 ms)\n" for reason in reasons)


class SummaryTest(unittest.TestCase):
    def test_all_passed(self):
        self.assertEqual(summary("100% tests passed, 0 tests failed out of 460\n", ""), "460 passed")

    def test_failures(self):
        self.assertEqual(summary("99% tests passed, 1 tests failed out of 460\n", ""), "459 passed, 1 failed")

    def test_skipped_tests_are_not_among_the_passed(self):
        log = log_of("not applicable here: nobody may not run x", "not applicable here: nobody may not run x")
        self.assertEqual(
            summary(SKIPPED_OUTPUT, log), "458 passed, 2 skipped (not applicable here: nobody may not run x)")

    def test_each_reason_is_told_once(self):
        self.assertEqual(summary(SKIPPED_OUTPUT, log_of("b", "a\nand more")), "458 passed, 2 skipped (a and more; b)")

    def test_a_program_that_ends_in_the_middle_of_a_test_has_not_passed_it(self):
        begun = "[==========] Running 1 test from 1 test suite.\n[ RUN      ] A.B\n"
        ended = "[==========] 1 test from 1 test suite ran. (0 ms total)\n"
        block = "{0}/2 Testing: {1}\n{0}/2 Test: {1}\nOutput:\n{2}<end of output>\nTest time\n"
        output = "100% tests passed, 0 tests failed out of 2\n"
        self.assertEqual(summary(output, block.format(1, "A.B", begun + ended) + block.format(2, "plain", "x\n")), "2 passed")
        log = block.format(1, "A.B", begun) + block.format(2, "A.C", begun + ended)
        self.assertEqual(summary(output, log), "2 passed, 1 ended too early (A.B)")

    def test_a_skip_without_a_reason_is_called_that(self):
        self.assertEqual(summary(SKIPPED_OUTPUT, log_of("")), "458 passed, 2 skipped (no reason was given)")

    def test_tests_that_did_not_run_for_another_reason_are_not_called_skipped(self):
        output = "50% tests passed, 1 tests failed out of 2\n\nThe following tests FAILED:\n\t  2 - A.B (Not Run)\n"
        self.assertEqual(summary(output, ""), "1 passed, 1 failed")

    def test_an_end_before_the_totals(self):
        self.assertIsNone(summary("1/6 Test #348: A.B ...   Passed\n", ""))

    def test_all_three_kinds(self):
        output = "83% tests passed, 1 tests failed out of 6\n\t  2 - A.B (Skipped)\n\t3 - A.C (Skipped)\n"
        self.assertEqual(summary(output, ""), "3 passed, 1 failed, 2 skipped (no reason was given)")


class CommandTest(unittest.TestCase):
    """The program on files, by its status and what it prints."""

    def run_on(self, output, log, *more):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("output", "log")]
            for path, text in zip(paths, (output, log)):
                if text is not None:
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(text)
            done = subprocess.run([sys.executable, PROGRAM, *paths, *more], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_statuses(self):
        for output, log, status, line in (
                (SKIPPED_OUTPUT, log_of("why"), 0, "458 passed, 2 skipped (why)\n"),
                (SKIPPED_OUTPUT, None, 0, "458 passed, 2 skipped (no reason was given)\n"),
                ("50% tests passed, 1 test failed out of 2\n", "", 0, "1 passed, 1 failed\n"),
                ("0% tests passed, 2 tests failed out of 2\n", "", 1, "0 passed, 2 failed\n"),
                ("100% tests passed, 0 tests failed out of 0\n", "", 1, "0 passed\n"),
                ("100% tests passed, 0 tests failed out of 1\n\t1 - A.B (Skipped)\n", "", 1, "0 passed, 1 skipped (no reason was given)\n"),
                ("100% tests passed, 0 tests failed out of 1\n", "1/1 Testing: A\n[==========] Running 1 test\n<end of output>\n", 1,
                 "1 passed, 1 ended too early (A)\n"),
                ("No tests were found!!!\n", "", 1, "ctest did not finish\n"), (None, None, 1, "ctest did not finish\n")):
            with self.subTest(output):
                self.assertEqual(self.run_on(output, log), (status, line, ""))

    def test_usage(self):
        self.assertEqual(self.run_on("", "", "more")[:2], (2, ""))
        self.assertTrue(self.run_on("", "", "more")[2].startswith("usage: scripts/ctest_summary.py OUTPUT LOG\n"))


if __name__ == "__main__":
    unittest.main()
