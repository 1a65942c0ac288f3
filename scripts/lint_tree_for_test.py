# Writes small trees that the tests of scripts/lint.py break in one place, and runs it on them.

import contextlib
import io
import os
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import lint  # noqa: E402

# A small project that breaks no rule.
CLEAN = {
    "CMakeLists.txt": "# A project for the lint's own test.\n",
    "README.md": "A project.\n",
    "cache/CMakeLists.txt": "# The product of this test.\nadd_executable(cache_test key_test.cc)\n",
    "cache/key.h": "// Names an entry.\n#ifndef MODELCACHE_KEY_H\n#define MODELCACHE_KEY_H\n#endif  // MODELCACHE_KEY_H\n",
    "cache/key.cc": '// Names an entry, in full.\n#include "cache/key.h"\n',
    "cache/key_test.cc": '// Tests names.\n#include "cache/key.h"\n\n#include <gtest/gtest.h>\n\nTEST(Key, IsOne) { EXPECT_EQ(1, 1); }\n',
    "cache/posix_os.cc": "// The door on a real kernel.\n#include <unistd.h>\n\nint who() { return ::getpid(); }\n",
    "harness/plan/plan.h": "// What a test is.\n#ifndef STAMPEDE_PLAN_H\n#define STAMPEDE_PLAN_H\n#endif  // STAMPEDE_PLAN_H\n",
    "harness/live/seccomp.cc": "// Stops every step.\n#include <sys/prctl.h>\n",
    "scripts/go.sh": "#!/usr/bin/env bash\n# Goes somewhere.\n",
}


def source(*lines):
    return "\n".join(("// A source of this test.",) + lines) + "\n"


def header(guard, *lines):
    return "\n".join(("// A header of this test.", f"#ifndef {guard}", f"#define {guard}") + lines + ("#endif", ""))


def test_file(*lines):
    return source("#include <gtest/gtest.h>", "", *lines)


class LintTest(unittest.TestCase):
    """Tests of one small tree each."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="stampede-lint-")
        self.addCleanup(shutil.rmtree, self.root)
        self.modes = {}  # by path, where it is not the usual one

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(full, self.modes.get(path, 0o755 if text.startswith("#!") else 0o644))

    def run_lint(self, changes, *options):
        """Writes the clean tree with `changes` and returns (status, output); a name of "FILE+" appends to FILE."""
        files = dict(CLEAN)
        for path, text in changes.items():
            if path.endswith("+"):
                files[path[:-1]] += text
            else:
                files[path] = text
        for path, text in files.items():
            self.write(path, text)
        formatting = [] if "--format" in options else ["--no-format"]
        options = [option for option in options if option != "--format"]
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = lint.main(["--root", self.root, *formatting, *options])
        return status, output.getvalue()

    def expect_clean(self, changes):
        status, output = self.run_lint(changes)
        self.assertEqual(status, 0, output)

    def expect_finding(self, place, rule, changes):
        """Exactly one finding, at `place` ("file:line") and of `rule`."""
        self.assertTrue(self.findings(changes, 1)[0].startswith(f"{place}: {rule}: "), place)

    def findings(self, changes, count):
        """That many findings, without warnings."""
        status, output = self.run_lint(changes)
        found = [line for line in output.splitlines() if ": warning: " not in line and not line.startswith("lint: ")]
        self.assertEqual((status, len(found)), (1 if count else 0, count), output)
        return found

    def warnings(self, changes):
        status, output = self.run_lint(changes)
        self.assertEqual(status, 0, output)
        return [line for line in output.splitlines() if ": warning: " in line]
