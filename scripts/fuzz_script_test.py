#!/usr/bin/env python3
# Runs scripts/fuzz.sh with stand-ins for the build and the engines: findings are kept, and no engine fails unheard.

import re
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from fake_tools_for_test import CRASH, HANG, LEAVE_BEHIND, ScriptTest  # noqa: E402

BUILD = ["cmake --preset fuzz", "cmake --build --preset fuzz --target fuzz_toy"]
TOY, TOY_AFL = "build/fuzz/bin/fuzz_toy", "build/afl/bin/fuzz_toy"
WORK = "build/fuzz-work/libfuzzer/toy"
# Both of what libFuzzer prints of its executions, of which the last counts; new inputs go to the first folder.
LIBFUZZER = ("echo 'INFO: Loaded 1 modules   (200 inline 8-bit counters): x'; echo '#2 INITED cov: 70 ft: 9'; "
             "echo '#100 NEW    cov: 90 ft: 12'; echo 'stat::number_of_executed_units: 1000'; ")
ENGINE = f"{TOY} -max_total_time=*"
# Prints what it starts from, and what it is told besides.
AFL = ('cat "$2"/*; echo "told ${!AFL_*} $AFL_AUTORESUME, found in ${STAMPEDE_FOUND#"$PWD/"}"; while [[ $1 != -o ]]; do shift; done; mkdir -p "$2/toy/queue" "$2/toy/crashes" "$2/toy/hangs"; '
       'printf "execs_done        : 500\\nedges_found       : 80\\ntotal_edges       : 300\\n" >"$2/toy/fuzzer_stats"; '
       'echo new >"$2/toy/queue/id:1,src:0"; echo old >"$2/toy/queue/id:0,orig:x"; ')


class FuzzScript(ScriptTest):
    script = "fuzz.sh"
    changes = {"doze 0.5": "doze 0.02"}

    def setUp(self):
        super().setUp()
        self.stand_in("tools/cmake", "tools/clang++-19", "tools/afl-fuzz", TOY, TOY_AFL)
        self.write("fuzz/toy_fuzz.cc")

    def summary(self, output):
        return re.findall(r"^\w+ +\w+ +\d+ s, (\d+ executions), \d+ exec/s, (.*)$", output, re.M)

    def test_all_well(self):
        self.behave(ENGINE, LIBFUZZER + 'echo 1 >"${@: -2:1}/one"; echo "found in ${STAMPEDE_FOUND#"$PWD/"}" >&2; exit 0')
        self.write("fuzz/toy.dict")
        self.write("corpus/fuzz/toy/seed")
        output = self.expect(0, ["== toy with libfuzzer for 7 s (1 seeds, 0 inputs of earlier runs, dictionary)\n", "\nnothing found\n"],
                             "toy", "--seconds", "7", "--table", "table")
        self.assertEqual(self.summary(output), [("1000 executions", "edges 90/200, 1 new inputs, 0 findings")])
        self.assertEqual(self.calls(), BUILD + [
            f"{TOY} -max_total_time=7 -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix={WORK}/run.X/artifacts/ "
            f"-dict=fuzz/toy.dict {WORK}/corpus corpus/fuzz/toy"])
        self.assertRegex((self.root / "table").read_text(), r"^toy\tlibfuzzer\t\d+\t1000\t\d+\t90\t200\t1\t0\n$")
        self.assertRegex((self.root / WORK / "last.log").read_text(), rf"(?m)^found in {WORK}/run\.\w+/plans$")
        self.assertEqual(sorted(file.name for file in (self.root / WORK).iterdir()), ["corpus", "last.log"])
        self.expect(0, ["(1 seeds, 1 inputs of earlier runs"], "toy")

    def test_all_well_with_afl(self):
        work, told = self.root / "build/fuzz-work/afl/toy", ("told AFL_AUTORESUME AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES AFL_NO_AFFINITY "
                                                             "AFL_NO_COLOR AFL_NO_UI AFL_SKIP_CPUFREQ 0, found in X/plans\n")

        def log():
            return re.sub(r"build/fuzz-work/afl/toy/run\.\w+", "X", (work / "last.log").read_text())
        self.behave("afl-fuzz *", AFL)
        output = self.expect(0, ["== toy with afl for 60 s (0 seeds, 0 inputs of earlier runs)\n"], "all", "--engine", "afl")
        self.assertEqual(self.summary(output), [("500 executions", "edges 80/300, 1 new inputs, 0 findings")])
        run = "build/fuzz-work/afl/toy/run.X"
        self.assertEqual(self.calls(), ["cmake --preset afl", "cmake --build --preset afl --target fuzz_toy",
                                        f"afl-fuzz -i {run}/in -o {run}/out -V 60 -m none -t 5000 -c 0 -l 2 -- {TOY_AFL}"])
        self.assertEqual([file.read_text() for file in (work / "corpus").iterdir()], ["new\n"])
        self.assertEqual(log(), "0" + told)  # it starts from no empty folder
        self.write("fuzz/toy.dict")
        for seed in ("seed", "same"):
            self.write("corpus/fuzz/toy/" + seed, "a seed\n")
        self.expect(0, ["== toy with afl for 60 s (2 seeds, 1 inputs of earlier runs, dictionary)\n"], "toy", "--engine", "afl")
        self.assertEqual(self.calls()[2], f"afl-fuzz -i {run}/in -o {run}/out -V 60 -m none -t 5000 -c 0 -l 2 -x fuzz/toy.dict -- {TOY_AFL}")
        self.assertEqual(sorted(log().splitlines(keepends=True)), sorted(["a seed\n", "new\n", told]))

    def test_executions_of_an_engine_that_did_not_sum_up_are_the_last_that_it_told(self):
        self.behave(ENGINE, LIBFUZZER.partition("echo 'stat::")[0])
        output = self.expect(0, ["(0 seeds, 0 inputs of earlier runs)\n"], "toy")
        self.assertEqual(self.summary(output), [("100 executions", "edges 90/200, 0 new inputs, 0 findings")])
        self.assertTrue(self.calls()[-1].endswith(f" {WORK}/corpus build/fuzz-work/empty"))

    def test_jobs_are_engines_side_by_side(self):
        self.behave(ENGINE, LIBFUZZER)
        output = self.expect(0, [], "toy", "--jobs", "3")
        self.assertEqual(self.summary(output), [("3000 executions", "edges 90/200, 0 new inputs, 0 findings")])
        self.assertEqual(len(self.calls()), len(BUILD) + 3)
        self.behave("afl-fuzz *", AFL.replace("/toy", "/${role:-main}"))
        self.behave("afl-fuzz *", "exit 0")
        self.expect(0, [], "toy", "--engine", "afl", "--jobs", "2")
        self.assertEqual([re.search(r" -l 2 (.*) -- ", call)[1] for call in sorted(self.calls()) if "afl-fuzz" in call],
                         ["-M main", "-S second2"])

    def test_all_is_each_target(self):
        self.write("fuzz/other_fuzz.cc")
        self.stand_in("build/fuzz/bin/fuzz_other")
        self.behave("build/fuzz/bin/fuzz_* -max*", LIBFUZZER)
        output = self.expect(0, [], "all")
        self.assertEqual(len(self.summary(output)), 2)
        self.assertEqual(self.calls()[1], "cmake --build --preset fuzz --target fuzz_other fuzz_toy")
        self.behave("build/fuzz/bin/fuzz_other -max*", "exit 1")
        self.expect(1, ["fuzz.sh: other: the engine ended with status 1; its last lines"], "all")

    def test_findings_are_kept_and_run_once_more(self):
        for artifact, kind in (("crash-1", "crash"), ("timeout-1", "hang"), ("oom-1", "oom"), ("leak-1", "leak")):
            with self.subTest(artifact):
                self.write("behaviour")
                self.behave(ENGINE, LIBFUZZER + 'prefix=${5#*=}; echo "SUMMARY: it is bad"; '
                            f'echo {kind} >"${{prefix}}{artifact}"; echo slow >"${{prefix}}slow-unit-1"; exit 77')
                self.behave(f"{TOY} found/*", 'echo "once more ${STAMPEDE_FOUND}" >&2; exit 77')
                output = self.expect(1, ["SUMMARY: it is bad\n", "fuzz.sh: failed (see above; findings are in found/)\n"],
                                     "toy", "--findings", "found")
                self.assertEqual(self.summary(output), [("1000 executions", "edges 90/200, 0 new inputs, 1 findings")])
                name = re.search(rf"fuzz.sh: toy: {kind}. Again with: {TOY} (found/fuzz/toy/libfuzzer-{kind}-\w{{12}})\n", output)[1]
                self.assertEqual((self.root / name).read_text(), f"{kind}\n")
                log = self.root / "found/log" / f"toy-{name.rsplit('/')[-1]}.txt"
                self.assertEqual(log.read_text(), "once more found/plans\n")
                self.assertIn("SUMMARY", (self.root / "found/log/toy-libfuzzer.log").read_text())
                self.assertEqual(self.calls()[-1], f"{TOY} {name}")

    def test_a_finding_that_hangs_when_it_is_run_once_more_is_kept(self):
        self.change_script("timeout -k 5 20 ", "timeout -k 0.1 0.1 ")
        self.behave(ENGINE, LIBFUZZER + 'echo x >"${5#*=}timeout-1"; exit 70')
        self.behave(f"{TOY} build/fuzz-findings/*", "trap '' TERM; echo it hangs; " + HANG)
        output = self.expect(1, ["fuzz.sh: toy: hang. Again with: "], "toy")
        self.assertEqual(self.summary(output), [("1000 executions", "edges 90/200, 0 new inputs, 1 findings")])
        self.assertEqual([file.read_text() for file in (self.root / "build/fuzz-findings/log").glob("toy-libfuzzer-hang-*.txt")],
                         ["it hangs\n"])

    def test_findings_of_afl_are_kept(self):
        for folder, kind in (("crashes", "crash"), ("hangs", "hang")):
            with self.subTest(folder):
                self.write("behaviour")
                self.behave("afl-fuzz *", AFL + f'echo {kind} >"$2/toy/{folder}/id:0"; echo no >"$2/toy/{folder}/README.txt"')
                output = self.expect(1, [f"fuzz.sh: toy: {kind}. Again with: {TOY_AFL} build/fuzz-findings/fuzz/toy/afl-{kind}-"],
                                     "toy", "--engine", "afl")
                self.assertEqual(self.summary(output), [("500 executions", "edges 80/300, 0 new inputs, 1 findings")]
                                 if kind == "hang" else [("500 executions", "edges 80/300, 1 new inputs, 1 findings")])

    def test_of_many_findings_a_few_are_listed(self):
        self.behave(ENGINE, LIBFUZZER + 'for n in {1..7}; do echo "$n" >"${5#*=}crash-$n"; done; echo 1 >"${5#*=}crash-8"; exit 77')
        output = self.expect(1, ["fuzz.sh: toy: and 2 more\n"], "toy")
        self.assertEqual((output.count("Again with"), self.summary(output)[0][1][-10:]), (5, "7 findings"))

    def test_an_engine_that_fails_is_told(self):
        for code, words in (("exit 1", "ended with status 1"), (CRASH, "ended with status 139")):
            with self.subTest(code):
                self.write("behaviour")
                self.behave(ENGINE, LIBFUZZER + "echo the last line; " + code)
                self.expect(1, [f"fuzz.sh: toy: the engine {words}; its last lines ({WORK}/last.log):\n", "\nthe last line\n",
                                "fuzz.sh: failed ("], "toy")

    def test_an_engine_of_several_that_fails_is_told(self):
        self.behave(ENGINE, LIBFUZZER + '(set -C; : >"$FAKE_ROOT/first") 2>/dev/null || exit 7')
        self.expect(1, ["fuzz.sh: toy: the engine ended with status 7;"], "toy", "--jobs", "2")

    def test_code_that_is_not_instrumented_is_told(self):
        for edges, status in (("49", 1), ("50", 0)):
            self.write("behaviour")
            self.behave(ENGINE, LIBFUZZER.replace("70", edges).replace("90", edges))
            output = self.expect(status, [], "toy")
            self.assertEqual(f"fuzz.sh: toy: only {edges} edges seen" in output, status == 1)
        self.write("behaviour")
        self.expect(1, ["fuzz.sh: toy: only 0 edges seen: the code under test is not instrumented"], "toy")
        self.expect(1, ["fuzz.sh: toy: only 0 edges seen"], "toy", "--engine", "afl")

    def test_an_engine_that_does_not_end_is_ended(self):
        self.change_script("kGraceSeconds=60", "kGraceSeconds=-1")
        self.change_script("doze 0.02", 'until [[ -e $FAKE_ROOT/hangs ]]; do doze 0.02; done')
        self.behave(ENGINE, LIBFUZZER + ': >"$FAKE_ROOT/hangs"; ' + HANG)
        self.expect(1, ["fuzz.sh: toy: the engine did not end in time; ending it\n",
                        "fuzz.sh: toy: the engine did not end in time; its last lines"], "toy", "--seconds", "1")

    def test_what_an_engine_leaves_behind_is_ended(self):
        self.behave(ENGINE, LIBFUZZER + LEAVE_BEHIND)
        self.expect(0, [], "toy")

    def test_a_build_that_fails_is_told(self):
        self.expect_parts_to_matter([("cmake --preset fuzz", "fuzz.sh: preset fuzz could not be built: status 1"),
                                     ("cmake --build *", "fuzz.sh: preset fuzz could not be built: status 1")], "toy")

    def test_an_interrupt_tells_what_was_done(self):
        self.behave(ENGINE, LIBFUZZER + LEAVE_BEHIND + " " + HANG)
        for number in (signal.SIGINT, signal.SIGTERM):
            running = self.start("toy", "--table", "table")
            running.interrupt(number)
            status, output = running.end()
            self.assertEqual(status, 130, output)
            self.assertEqual(self.summary(output), [("1000 executions", "edges 90/200, 0 new inputs, 0 findings")])
            self.assertEqual(sorted(file.name for file in (self.root / WORK).iterdir()), ["corpus", "last.log"])
        self.assertEqual((self.root / "table").read_text().count("\n"), 2)

    def test_engines_are_asked_to_end_before_they_are_ended(self):
        self.behave(ENGINE, LIBFUZZER + "trap 'echo \"stat::number_of_executed_units: 2000\"; exit 0' TERM; "
                    'echo >&"$FAKE_ALIVE"; for n in {1..2000}; do sleep 0.05; done')
        running = self.start("toy")
        running.interrupt()
        status, output = running.end()
        self.assertEqual((status, self.summary(output)), (130, [("2000 executions", "edges 90/200, 0 new inputs, 0 findings")]))

    def test_missing_tools_are_named(self):
        for tool, arguments in (("cmake", ()), ("clang++-19", ()), ("setsid", ()), ("afl-fuzz", ("--engine", "afl"))):
            with self.subTest(tool):
                self.hide(tool)
                self.expect(3, [f"fuzz.sh: {tool} is missing: run scripts/setup.sh\n"], "toy", *arguments)
                self.assertEqual(self.calls(), [])
                self.stand_in(*(f"tools/{name}" for name in ("cmake", "clang++-19", "afl-fuzz")))
        self.behave(ENGINE, LIBFUZZER)
        self.hide("afl-fuzz")
        self.expect(0, [], "toy")

    def test_arguments(self):
        self.expect_help()
        number = "wants a number above 0, not"
        self.expect_usage_errors(
            ("", "which target? One of: toy all"), ("what", "no target 'what'; there are: toy all"), ("toy what", "no target 'what'"),
            ("toy --what", "unknown argument '--what'"), ("toy --engine x", "--engine is libfuzzer or afl, not 'x'"),
            ("toy --seconds 0", f"--seconds {number} '0'"), ("toy --seconds 1x", f"--seconds {number} '1x'"),
            ("toy --jobs 0", f"--jobs {number} '0'"), ("toy --seconds 12345678", f"--seconds {number}"),
            *((f"toy --{name}", f"--{name} wants a value") for name in ("engine", "seconds", "jobs", "findings", "work", "table")))
        (self.root / "fuzz/toy_fuzz.cc").unlink()
        self.expect_usage_errors(("all", "there are no targets"))


if __name__ == "__main__":
    unittest.main()
