#!/usr/bin/env python3
# Configures a copy of the project with files that no list names, and runs the build's own scripts where they must fail.
"""usage: scripts/configuration_test.py

CC and CXX are the compilers of the copy, which is configured and not built.
"""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("cache", "harness", "properties", "fuzz", "scripts", "corpus")
ON_NO_LIST = "is on no list: name it in the CMakeLists.txt beside it"
# What is put into the copy, and what must be said of it.
STRAYS = {
    "cache/stray_test.cc": ON_NO_LIST,
    "cache/command/stray_test.cc": ON_NO_LIST,
    "harness/judge/stray_test.cc": ON_NO_LIST,
    "harness/live/stray_fuzz.cc": ON_NO_LIST,
    "harness/run/stray_property.cc": ON_NO_LIST,
    "fuzz/stray_fuzz.cc": ON_NO_LIST,
    "fuzz/stray_test.cc": ON_NO_LIST,
    "properties/stray_property.cc": ON_NO_LIST,
    "properties/stray_test.cc": ON_NO_LIST,
    "scripts/stray_test.py": "is on no list: add a test of that name in CMakeLists.txt",
    "corpus/mutants/stray.patch": "is on no list: name it in harness/run/plugins.cmake",
    "corpus/mutants/directory_not_synced.txt": "is on no list: name it in harness/run/plugins.cmake",
    "corpus/fuzz/stray/seed.txt": "is of no fuzz target: see stampede_add_fuzz_target in fuzz/CMakeLists.txt",
    "fuzz/stray.dict": "is of no fuzz target: see stampede_add_fuzz_target in fuzz/CMakeLists.txt",
    "harness/subjects/stray.json": "is on no list: name it in harness/CMakeLists.txt",
    "harness/subjects/stray.sh": "is on no list: name it in harness/CMakeLists.txt",
}
# Mutants of which the build could make nothing, and a target without an input.
SPOILT = {
    "corpus/mutants/directory_not_synced.patch": (
        "--- a/harness/run/bounds.cc\n+++ b/harness/run/bounds.cc\n",
        "touches harness/run/bounds.cc; a mutant touches sources of the cache (cache/*.cc) only"),
    "corpus/mutants/hit_needs_the_lock.patch": ("nothing\n", "touches no file; expected lines '+++ b/cache/...'"),
}
# What ctest runs besides the programs of tests, fuzz inputs and scripts' tests, and what it is told of each.
COMMANDS = {
    "lint": ('python3 ROOT/scripts/lint.py --no-format', 'LABELS "unit;lint" TIMEOUT "120"'),
    "live_probe_test": ("python3 ROOT/scripts/live_probe_test.py BUILD/bin/stampede BUILD/bin/live_test BUILD/bin/live_skip_test "
                        "BUILD/bin/command_world_test BUILD/bin/live_sim_test BUILD/bin/live_command_test "
                        "BUILD/bin/live_fidelity_property", 'LABELS "live" TIMEOUT "120"'),
    "mutant_patch_must_fit": (
        "cmake -DNAME=stale -DPATCH=BUILD/stale.patch -DROOT=ROOT -DFILES=cache/key.cc -DFOLDER=BUILD/stale.sources -P "
        "ROOT/scripts/apply_mutant.cmake",
        'LABELS "unit" PASS_REGULAR_EXPRESSION "mutant stale: its patch.*no[ \n]+longer[ \n]+applies" TIMEOUT "60"'),
    "mutants_are_built": ("cmake --build BUILD --target mutants",
                          'FIXTURES_SETUP "mutants" LABELS "mutant" RUN_SERIAL "TRUE" TIMEOUT "600"'),
    "mutants_are_found": ("stampede mutants --runs 20000", 'FIXTURES_REQUIRED "mutants" LABELS "mutant" TIMEOUT "600"'),
    "plans_are_sharp": ("stampede replay ROOT/corpus/plans --sharp", 'FIXTURES_REQUIRED "mutants" LABELS "mutant" TIMEOUT "600"'),
    "replay_corpus": ("stampede replay ROOT/corpus/plans --seeds ROOT/corpus/seeds.txt --verbose", 'LABELS "replay" TIMEOUT "120"'),
}
# Of the programs of tests: who has another label than "unit", and who keeps to a core.
LABELS = {
    **dict.fromkeys(("live_test", "live_skip_test", "command_world_test", "live_sim_test", "live_command_test"), "live"),
    **dict.fromkeys(("claim_test", "kernel_fidelity_property", "live_fidelity_property", "plan_codec_property", "shrinker_property",
                     "sim_claims_property", "strategy_guarantee_property", "text_codec_property"), "property"),
    "every_case_test": "exhaustive",
}
ONE_CORE = {"live_test", "command_world_test", "live_sim_test", "live_command_test", "live_fidelity_property"}
# What a preset is called after.
PRESETS = {
    "dev": {}, "release": {}, "gcc": {"CMAKE_C_COMPILER": "gcc-12", "CMAKE_CXX_COMPILER": "g++-12"},
    "asan": {"STAMPEDE_SANITIZERS": "address,undefined"}, "tsan": {"STAMPEDE_SANITIZERS": "thread"},
    "fuzz": {"STAMPEDE_SANITIZERS": "address,undefined", "STAMPEDE_FUZZ_ENGINE": "libfuzzer"},
    "afl": {"STAMPEDE_FUZZ_ENGINE": "afl"}, "coverage": {"STAMPEDE_COVERAGE": "ON"},
}
PATCH = """--- a/cache/it.cc
+++ b/cache/it.cc
@@ -1,3 +1,3 @@
 one
-two
+three
 four
"""


def run(*words):
    ended = subprocess.run([str(word) for word in words], text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ended.returncode, " ".join(ended.stdout.split())


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file


class Configuration(TemporaryFolder):
    def configure(self, *options):
        return run("cmake", "-G", "Ninja", "-S", self.folder, "-B", self.folder / "build", *options)

    def copy(self):
        shutil.copy(ROOT / "CMakeLists.txt", self.folder)
        for folder in FOLDERS:
            shutil.copytree(ROOT / folder, self.folder / folder)

    def test_each_file_that_no_list_names_is_named_by_its_failure(self):
        self.copy()
        expected = []
        for path, said in STRAYS.items():
            self.write(path, "")
            named = path if not path.startswith("corpus/fuzz/") else "corpus/fuzz/stray"
            expected.append(f"{self.folder}/{named} {said}")
        for path, (text, said) in SPOILT.items():
            self.write(path, text)
            expected.append(f"{self.folder}/{path}: {said}")
        shutil.rmtree(self.folder / "corpus/fuzz/schedule")
        expected.append(f"{self.folder}/corpus/fuzz/schedule: no input there")
        status, text = self.configure("-DSTAMPEDE_FUZZ_ENGINE=other", "-DSTAMPEDE_PRECOMPILE=some")
        expected += ["STAMPEDE_FUZZ_ENGINE is none, libfuzzer or afl, not 'other'",
                     "STAMPEDE_PRECOMPILE is nothing, gtest or all, not 'some'"]
        self.assertEqual(status, 1, text)
        for line in expected:
            self.assertIn(line, text)
        self.assertEqual(len(re.findall("CMake Error at ", text)), len(expected), text)


class Configured(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        status, text = run("cmake", "-G", "Ninja", "-S", ROOT, "-B", cls.folder)
        if status:
            raise AssertionError(text)

    def texts(self, pattern):
        return "\n".join(file.read_text().replace(f"{self.folder}", "BUILD").replace(f"{ROOT}", "ROOT")
                         for file in sorted(self.folder.glob(pattern)))

    def test_ctest_runs_what_it_should(self):
        expected = dict(COMMANDS)
        for folder in (ROOT / "corpus/fuzz").iterdir():
            count = sum(file.is_file() for file in folder.glob("**/*"))
            expected[f"fuzz_replay_{folder.name}"] = (f"replay_{folder.name} --expect {count} ROOT/corpus/fuzz/{folder.name}",
                                                      'LABELS "fuzz-smoke" TIMEOUT "120"')
        for script in (ROOT / "scripts").glob("*_test.py"):
            if not script.name.endswith("_for_test.py") and script.stem not in expected:
                expected[script.stem] = (f"python3 ROOT/scripts/{script.name}", 'LABELS "unit;lint" TIMEOUT "300"')
        found, text = {}, self.texts("**/CTestTestfile.cmake")
        for name, words, more in re.findall(
                r"(?m)^add_test\(\[=\[(\w+)\]=\] (.*)\)\nset_tests_properties\(.* PROPERTIES +((?:.|\n)*?) _BACKTRACE", text):
            program, *arguments = re.findall(r'"([^"]*)"', words)
            # Which is first, and what finds compilers, changes no verdict.
            found[name] = (" ".join([pathlib.Path(program).name, *arguments]), re.sub(r'(COST|ENVIRONMENT) "[^"]*" +', "", more))
        self.assertEqual(found, expected)
        self.assertEqual(text.count("add_test("), len(found))

    def test_each_program_of_tests_has_its_label(self):
        texts = self.texts("**/*_include.cmake")
        found = dict(re.findall(r"TEST_EXECUTABLE \[==\[BUILD/bin/(\w+)\]==\][^)]*TEST_PROPERTIES \[==\[(.*?)\]==\]", texts))
        self.assertEqual(len(found), texts.count("gtest_discover_tests_impl("))
        self.assertGreaterEqual(set(found), {*LABELS, *ONE_CORE})
        for name, properties in found.items():
            lock = ";RESOURCE_LOCK;one_core" if name in ONE_CORE else ""
            self.assertEqual(properties, f"LABELS;{LABELS.get(name, 'unit')};TIMEOUT;120{lock}", name)

    def test_each_list_is_looked_at_again_where_files_come_and_go(self):
        files = [ROOT / "CMakeLists.txt", *(file for folder in FOLDERS for pattern in ("**/CMakeLists.txt", "**/*.cmake")
                                            for file in (ROOT / folder).glob(pattern))]
        globs = [words for file in files for words in re.findall(r"file\(GLOB(?:_RECURSE)? ([^)]*)\)", file.read_text())]
        self.assertGreater(len(globs), 5)
        for words in globs:
            self.assertTrue(" CONFIGURE_DEPENDS " in words or "${CMAKE_BINARY_DIR}" in words, words)

    def test_the_stamp_names_all_that_crosses_the_border(self):
        files = {str(file.relative_to(ROOT)) for pattern in ("cache/*.h", "cache/*.cc", "harness/plan/*.h",
                                                             "harness/run/built_in_subject.cc", "harness/run/cache_client.*")
                 for file in ROOT.glob(pattern) if not re.search(r"_test\.(cc|h)$", file.name)}
        stamp = re.search(r'COMMAND = .*subject_stamp\.h .*"-DFLAGS=([^"]*)" "-DFILES=([^"]*)"', self.texts("build.ninja"))
        self.assertEqual(set(stamp[2].split(";")), files)
        self.assertRegex(stamp[1], r"^(Clang|GNU) [\d.]+ ")


class Instrumented(TemporaryFolder):
    def test_all_is_built_with_what_looks_for_faults(self):
        status, text = run("cmake", "-G", "Ninja", "-S", ROOT, "-B", self.folder, "-DSTAMPEDE_SANITIZERS=address,undefined",
                           "-DSTAMPEDE_FUZZ_ENGINE=libfuzzer", "-DSTAMPEDE_COVERAGE=ON")
        self.assertEqual(status, 0, text)
        expected = {"-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wnon-virtual-dtor", "-Wimplicit-fallthrough", "-Wold-style-cast",
                    "-Wcast-align", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                    "-fsanitize=fuzzer-no-link", "-fprofile-instr-generate", "-fcoverage-mapping"}
        commands = json.loads((self.folder / "compile_commands.json").read_text())
        self.assertGreater(len(commands), 100)
        for command in commands:
            self.assertGreaterEqual(set(command["command"].split()), expected, command["file"])
        links = dict(re.findall(r"(?m)^build bin/(\w+): CXX_EXECUTABLE_LINKER((?:.*\n)*?)(?=\n)",
                                (self.folder / "build.ninja").read_text()))
        self.assertGreaterEqual(set(links), {f"fuzz_{folder.name}" for folder in (ROOT / "corpus/fuzz").iterdir()})
        for name, text in links.items():
            self.assertIn("-fsanitize=address,undefined", text, name)
            self.assertEqual("-fsanitize=fuzzer" in text.split(), name.startswith("fuzz_"), name)
        # They are skipped, since a sanitizer is a reason.
        self.assertRegex((self.folder / "CTestTestfile.cmake").read_text(), r'live_probe_test\]=\] "[^" ]*" "[^" ]*"\)')

    def test_presets_are_what_they_are_called(self):
        presets = {preset["name"]: preset for preset in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
        found = {}
        for name in PRESETS:
            found[name] = {key: value for key, value in presets[name]["cacheVariables"].items()
                           if key not in ("CMAKE_BUILD_TYPE", "STAMPEDE_PRECOMPILE") and not key.startswith("CMAKE_CXX_FLAGS")}
        self.assertEqual(found, PRESETS)
        self.assertEqual({name for name, preset in presets.items() if not preset.get("hidden")}, set(PRESETS))


class Scripts(TemporaryFolder):
    def apply(self, patch):
        self.write("it.patch", patch)
        return run("cmake", "-DNAME=it", f"-DPATCH={self.folder}/it.patch", f"-DROOT={self.folder}",
                   "-DFILES=cache/it.cc;cache/other.cc", f"-DFOLDER={self.folder}/out", "-P", ROOT / "scripts/apply_mutant.cmake")

    def test_a_mutant_is_a_patched_copy(self):
        original = self.write("cache/it.cc", "one\ntwo\nfour\n")
        self.write("cache/other.cc", "other\n")
        self.write("out/cache/of_yesterday.cc", "")
        self.assertEqual(self.apply(PATCH), (0, ""))
        self.assertEqual((self.folder / "out/cache/it.cc").read_text(), "one\nthree\nfour\n")
        self.assertEqual((self.folder / "out/cache/other.cc").read_text(), "other\n")
        self.assertFalse((self.folder / "out/cache/of_yesterday.cc").exists())
        self.assertEqual(original.read_text(), "one\ntwo\nfour\n")

    def test_a_mutant_whose_patch_does_not_fit_is_named(self):
        self.write("cache/other.cc", "other\n")
        # Another line, an unlike neighbour, and what is patched already.
        for text in ("one\n2\nfour\n", "one\ntwo\n4\n", "one\nthree\nfour\n"):
            self.write("cache/it.cc", text)
            status, said = self.apply(PATCH)
            self.assertEqual(status, 1, said)
            self.assertIn(f"mutant it: its patch ({self.folder}/it.patch) no longer applies to the cache; write it anew:", said)
            self.assertFalse((self.folder / "out").exists())

    def stamp(self, flags, files):
        status, said = run("cmake", f"-DOUTPUT={self.folder}/stamp.h", f"-DROOT={self.folder}", f"-DFLAGS={flags}",
                           f"-DFILES={';'.join(files)}", "-P", ROOT / "scripts/subject_stamp.cmake")
        self.assertEqual((status, said), (0, ""))
        return re.fullmatch(r'(?s)// .*#ifndef (\w+_H)\n#define \1\n.*\ninline constexpr const char\* kSubjectStamp = "([0-9a-f]{16})";\n.*'
                            r'#endif  // \1\n', (self.folder / "stamp.h").read_text())[2]

    def test_a_stamp_names_flags_and_files(self):
        for name in "abc":
            self.write(name, "same")
        first = self.stamp("-O2", "ab")
        self.assertEqual(self.stamp("-O2", "ab"), first)
        stamps = [first, self.stamp("-O1", "ab"), self.stamp("-O2", "a"), self.stamp("-O2", "ac")]
        for name in "ab":
            self.write(name, "another")
            stamps.append(self.stamp("-O2", "ab"))
        self.assertEqual(len(set(stamps)), 6, stamps)


if __name__ == "__main__":
    unittest.main()
