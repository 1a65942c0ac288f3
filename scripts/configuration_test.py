#!/usr/bin/env python3
# Configures a copy of the project with files that no list names, and runs the build's own scripts where they must fail.
"""usage: scripts/configuration_test.py

CC and CXX are the compilers of the copy, which is configured and not built.
"""

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
}
# Mutants of which the build could make nothing, and a target without an input.
SPOILT = {
    "corpus/mutants/directory_not_synced.patch": (
        "--- a/harness/run/bounds.cc\n+++ b/harness/run/bounds.cc\n",
        "touches harness/run/bounds.cc; a mutant touches sources of the cache (cache/*.cc) only"),
    "corpus/mutants/hit_needs_the_lock.patch": ("nothing\n", "touches no file; expected lines '+++ b/cache/...'"),
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
