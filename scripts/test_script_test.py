#!/usr/bin/env python3
# Runs scripts/test.sh with stand-ins for all that it starts: each part is called, and each that fails fails the whole.

import json
import sys
import unittest

sys.dont_write_bytecode = True
from fake_tools_for_test import SCRIPTS, ScriptTest  # noqa: E402

LINTS = ["python3 scripts/lint.py", "python3 scripts/lint_test.py", "python3 scripts/ctest_summary_test.py"]
RELEASE = ["cmake --preset release", "cmake --build --preset release", "ctest --preset release"]
ASAN = ["cmake --preset asan", "cmake --build --preset asan", "ctest --preset asan -LE ^(lint|bench-smoke|mutant|exhaustive)$"]
GCC = ["cmake --preset gcc", "cmake --build --preset gcc"]
DEV = ["cmake --preset dev", "cmake --build --preset dev"]
TIDY = "python3 scripts/tidy.py"
PASSED = "echo '100% tests passed, 0 tests failed out of 7'"


class TestScript(ScriptTest):
    script = "test.sh"

    def setUp(self):
        super().setUp()
        self.stand_in("scripts/setup.sh", "tools/cmake", "tools/ctest", "tools/python3")
        self.write("scripts/ctest_summary.py", (SCRIPTS / "ctest_summary.py").read_text())
        self.behave("python3 scripts/ctest_summary.py*", f'exec {sys.executable} "$@"')

    def calls(self):
        return [call for call in super().calls() if not call.startswith("python3 scripts/ctest_summary.py")]

    def all_pass(self):
        self.behave("ctest *", PASSED)

    def test_all_well(self):
        self.all_pass()
        self.behave("ctest --preset asan*", 'echo "with ${RC_PARAMS:-}"')
        for arguments, calls, presets in (
                ((), LINTS + RELEASE + [DEV[0], DEV[1] + " --target stampede_subject_stamp_file", TIDY + " --changed --no-tests"] + ASAN
                 + [GCC[0], GCC[1] + " --target stampede modelcache_command"],
                 ["release", "asan"]),
                (("--quick",), LINTS + RELEASE, ["release"]),
                (("--all",), LINTS + RELEASE + DEV + [TIDY] + ASAN + GCC + ["ctest --preset gcc"], ["release", "asan", "gcc"])):
            with self.subTest(arguments):
                output = self.expect(0, [], *arguments)
                self.assertEqual(self.calls(), ["scripts/setup.sh"] + calls)
                self.assertEqual("with max_success=100" in output, "asan" in presets)
                *sums, verdict, times = output.splitlines()[-2 - len(presets):]
                self.assertEqual(sums, [f"{preset}: 7 passed" for preset in presets])
                self.assertEqual(verdict, "all tests passed")
                self.assertRegex(times, r"^set-up \d+\.\d s, build \d+\.\d s, tests \d+\.\d s$")

    def test_each_part_that_fails_is_named(self):
        self.all_pass()
        self.write("scripts/ctest_summary.py", "#!/bin/sh\necho 7 passed\n")
        self.expect_parts_to_matter([
            ("python3 scripts/lint.py", "test.sh: failed: lint\n"),
            ("python3 scripts/lint_test.py", "test.sh: failed: lint_test\n"),
            ("python3 scripts/ctest_summary_test.py", "test.sh: failed: ctest_summary_test\n"),
            ("cmake --preset release", "test.sh: failed: build release\n"),
            ("cmake --build --preset release", "test.sh: failed: build release\n"),
            ("ctest --preset release", "test.sh: failed: ctest release\n"),
            ("cmake --preset dev", "test.sh: failed: build dev\n"),
            ("cmake --build --preset dev", "test.sh: failed: build dev\n"),
            ("python3 scripts/tidy.py*", "test.sh: failed: clang-tidy\n"),
            ("cmake --preset asan", "test.sh: failed: build asan\n"),
            ("cmake --build --preset asan", "test.sh: failed: build asan\n"),
            ("ctest --preset asan*", "test.sh: failed: ctest asan\n"),
            ("cmake --preset gcc", "test.sh: failed: build gcc\n"),
            ("cmake --build --preset gcc", "test.sh: failed: build gcc\n"),
            ("ctest --preset gcc", "test.sh: failed: ctest gcc\n")], "--all")
        self.expect_parts_to_matter([("scripts/setup.sh", "test.sh: set-up failed with status 1")], status=3)

    def test_all_failures_are_told_at_the_end(self):
        self.behave("python3 scripts/lint.py", "exit 1")
        self.behave("cmake --preset asan", "echo no such compiler; exit 1")
        self.behave("ctest --preset release", "echo '86% tests passed, 1 tests failed out of 7'; exit 8")
        output = self.expect(1, ["no such compiler\n", "ctest release failed with status 8 (", "release: 6 passed, 1 failed\n"])
        self.assertIn("test.sh: failed: lint, ctest release, build asan\n", output)
        self.assertNotIn("all tests passed", output)
        self.assertEqual(self.calls()[-1], "cmake --build --preset gcc --target stampede modelcache_command")

    def test_a_preset_that_ran_no_test_fails(self):
        for code, words in ((":", "asan: ctest did not finish"), ("echo 'No tests were found!!!'", "asan: ctest did not finish"),
                            ("echo '100% tests passed, 0 tests failed out of 0'", "asan: 0 passed")):
            with self.subTest(code):
                self.write("behaviour", f"ctest --preset asan*\t{code}; exit 0\n" + (self.root / "behaviour").read_text())
                self.all_pass()
                self.expect(1, [words, "test.sh: failed: ctest asan\n"])

    def test_a_summary_that_crashes_fails(self):
        self.all_pass()
        self.write("scripts/ctest_summary.py", "#!/bin/sh\nexit 139\n")
        self.expect(1, ["release: not summed up", "test.sh: failed: ctest release\n"], "--quick")

    def test_skipped_tests_are_told_with_their_reason(self):
        self.behave("ctest *", "printf '100%% tests passed, 0 tests failed out of 7\\n\\t3 - A.B (Skipped)\\n'")
        self.write("build/release/Testing/Temporary/LastTest.log", "a_test.cc:3: Skipped\nno such kernel\n[  SKIPPED ] A.B\n")
        self.expect(0, ["release: 6 passed, 1 skipped (no such kernel)\n"], "--quick")

    def test_an_interrupt_that_only_a_part_noticed_ends_all(self):
        self.behave("cmake --build *", "exit 130")
        self.expect(130, [])
        self.assertEqual(self.calls()[-1], "cmake --build --preset release")

    def test_arguments(self):
        self.expect_help()
        self.expect_usage_errors(("--what", "unknown argument '--what'"), ("quick", "unknown argument 'quick'"))

    def test_presets_refuse_to_run_no_tests(self):
        presets = json.loads((SCRIPTS.parent / "CMakePresets.json").read_text())["testPresets"]
        settings = {preset["name"]: preset for preset in presets}
        self.assertEqual(settings["base"]["execution"]["noTestsAction"], "error")
        for name in ("release", "asan", "gcc"):
            self.assertEqual((settings[name]["inherits"], settings[name]["configurePreset"]), ("base", name))


if __name__ == "__main__":
    unittest.main()
