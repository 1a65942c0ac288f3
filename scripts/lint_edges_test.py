#!/usr/bin/env python3
# Takes each rule of scripts/lint.py to its edge: what just breaks it, what just does not, the line it names, its exit statuses.

import contextlib
import io
import os
import shutil
import subprocess
import sys
import unittest
from unittest import mock

sys.dont_write_bytecode = True
import lint  # noqa: E402
from lint_tree_for_test import LintTest, header, source, test_file  # noqa: E402

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Reading(LintTest):
    def read(self, path, text):
        self.write(path, text)
        return lint.Source(self.root, path)

    def test_comments_and_literals_are_blanked(self):
        found = self.read("a.cc", 'int a; // b "c"\n/* d\n */ auto e = "f\\"g"; char h = \'i\';\n#include <j.h>\n#include "k/l.h"\n')
        self.assertEqual(found.no_comments, 'int a;         \n    \n    auto e = "f\\"g"; char h = \'i\';\n#include <j.h>\n#include "k/l.h"\n')
        self.assertEqual(found.code, "int a;         \n    \n    auto e =       ; char h =    ;\n#include <j.h>\n#include        \n")
        self.assertEqual(found.includes, [(4, "<", "j.h"), (5, '"', "k/l.h")])
        self.assertEqual([found.line(offset) for offset in (0, 14, 15, 16, 20, 21)], [1, 1, 1, 2, 2, 3])

    def test_kinds_of_files(self):
        kinds = {"a.cc": (True, False), "a.h": (True, False), "a_test.cc": (True, True), "a_test.h": (True, True), "a_test.py": (False, False)}
        self.assertEqual({path: (found.is_cpp, found.is_test) for path in kinds for found in [self.read(path, "x")]}, kinds)

    def test_files_of_a_folder(self):
        for path in ("b.cc", "a/c.cc", "a/build/d.cc", "build/e.cc", "__pycache__/f", "a/__pycache__/g"):
            self.write(path, "x")
        files = ["a/build/d.cc", "a/c.cc", "b.cc"]
        self.assertEqual(lint.list_files(self.root), files)
        self.write(".git/config", "no repository")
        self.assertEqual(lint.list_files(self.root), files)

    def test_files_of_a_repository(self):
        for command in ("init -q", "add kept.cc gone.cc"):
            for path in ("kept.cc", "gone.cc"):
                self.write(path, "x")
            subprocess.run(["git", "-C", self.root, *command.split()], check=True, capture_output=True)
        for path in ("new.cc", "build/seen.cc", "ignored.cc"):
            self.write(path, "x")
        self.write(".gitignore", "ignored.cc\n")
        os.remove(os.path.join(self.root, "gone.cc"))
        self.assertEqual(lint.list_files(self.root), [".gitignore", "build/seen.cc", "kept.cc", "new.cc"])


class Edges(LintTest):
    def expect_places(self, rule, changes, *places):
        """Findings of one rule at exactly these places."""
        found = self.findings(changes, len(places))
        self.assertEqual([line.split(": ")[:2] for line in found], [[place, rule] for place in places])
        return found

    def test_exceptions_are_for_one_rule_and_one_place(self):
        self.expect_clean({"cache/posix_sleep.cc": source("int a = usleep(1);"), "harness/live/a.cc": source("int a = nanosleep(1);"),
                           "corpus/fuzz/a/b": "/work/x\n"})
        self.expect_places("assert", {"cache/posix_sleep.cc": source("assert(1);")}, "cache/posix_sleep.cc:2")
        self.expect_places("machine-path", {"cache/posix_sleep.cc": source("// /work/x")}, "cache/posix_sleep.cc:2")
        os.remove(os.path.join(self.root, "cache/posix_sleep.cc"))
        self.expect_places("machine-path", {"corpus/plans/a": "{\n\n/root/x\n"}, "corpus/plans/a:3")

    def test_the_longest_layer_decides(self):
        for path, layer in (("cache/a.h", "cache"), ("cache/command/a.h", "cache/command"), ("cache/commander/a.h", "cache"),
                            ("harness/sim/b/a.h", "harness/sim"), ("harness/simulator/a.h", None), ("harness/a.h", None), ("a.h", None)):
            self.assertEqual(lint.layer_of(path), layer, path)

    def test_layers(self):
        below = ["cache", "harness/plan", "harness/strategy", "harness/world"]
        siblings = ["harness/sim", "harness/live", "harness/free", "harness/faults", "harness/judge"]
        self.assertEqual(lint.LAYERS, {
            "cache": [], "cache/command": ["cache"], "harness/plan": ["cache"], "harness/strategy": ["cache", "harness/plan"], "harness/world": below[:-1],
            **{sibling: below for sibling in siblings}, "harness/run": below + siblings,
            **{top: below + siblings + ["harness/run"] for top in ("harness/cli", "properties", "fuzz")}})

    def test_an_unknown_folder_is_one_finding(self):
        self.expect_places("layer", {"harness/attic/a.cc": source('#include "cache/key.h"', '#include "b.h"')}, "harness/attic/a.cc:1")

    def test_kernel_headers_are_those_in_angles(self):
        self.expect_places("layer", {"harness/run/a.cc": source('#include "fcntl.h"')}, "harness/run/a.cc:2")

    def test_the_door_is_for_the_product_and_the_simulator(self):
        for name in ("filesystem", "fstream"):
            self.expect_clean({"cache/posix_a.cc": source(f"#include <{name}>"), "harness/run/a.cc": source(f"#include <{name}>"),
                               "harness/live/a.cc": source(f"#include <{name}>")})
            found = self.expect_places("kernel", {"harness/sim/a.cc": source("", f"#include <{name}>")}, "harness/sim/a.cc:3")
            self.assertEqual(found[0], f"harness/sim/a.cc:3: kernel: <{name}> goes past the door Os")
            os.remove(os.path.join(self.root, "harness/sim/a.cc"))

    def test_libraries_have_a_number_of_files(self):
        for library, name, folder, limit in (
                ("boost/asio", "boost/asio.hpp", "harness/faults", 3), ("boost/beast", "boost/beast.hpp", "harness/faults", 2),
                ("nlohmann/", "nlohmann/json.hpp", "harness/run", 20), ("openssl/", "openssl/sha.h", "cache", 3)):
            with self.subTest(library):
                # Twice in a file counts once.
                files = {f"{folder}/f{i:02}.cc": source(f"#include <{name}>", f"#include <{name}>") for i in range(limit)}
                self.expect_clean(files)
                files[f"{folder}/f{limit:02}.cc"] = source("", f"#include <{name}>")
                found = self.findings(files, limit + 1)
                self.assertEqual(found[-1], f"{folder}/f{limit:02}.cc:3: heavy-library: {library} is included in {limit + 1} files; "
                                 f"{limit} are allowed")
                self.assertTrue(found[0].startswith(f"{folder}/f00.cc:2: "), found[0])
                shutil.rmtree(os.path.join(self.root, folder))
        self.assertEqual(lint.HEAVY_LIBRARIES["CLI/"][0], len(lint.HEAVY_LIBRARIES["CLI/"][1]))

    def test_libraries_in_headers(self):
        self.expect_clean({"harness/run/a.h": header("A_H", "#include <nlohmann/json_fwd.hpp>"),
                           "harness/run/b_test.h": header("B_H", "#include <nlohmann/json.hpp>")})
        self.expect_places("heavy-library", {"harness/run/c.cc": source("#include <CLI/CLI.hpp>")}, "harness/run/c.cc:2")

    def test_properties_may_include_test_libraries(self):
        self.expect_clean({"properties/a.cc": source("#include <rapidcheck.h>"), "properties/a.h": header("A_H", "#include <gtest/gtest.h>")})

    def test_a_test_may_include_gtest_by_way_of_others(self):
        changes = {"harness/run/CMakeLists.txt": "# The runs of this test.\nadd_executable(run_test a_test.cc b_test.cc)\n",
                   "harness/run/a_test.cc": source('#include "harness/run/x_test.h"', "TEST(A, B) { EXPECT_EQ(1, 1); }"),
                   "harness/run/b_test.cc": source("int main() { return 0; }"),
                   "harness/run/x_test.h": header("X_H", '#include "harness/run/y_test.h"', "inline void f() { EXPECT_EQ(1, 1); }"),
                   "harness/run/y_test.h": header("Y_H", '#include "harness/run/x_test.h"', "#include <gmock/gmock.h>")}
        self.expect_clean(changes)
        found = self.expect_places("test-header", {**changes, "harness/run/y_test.h": header("Y_H", '#include "harness/run/x_test.h"')},
                                   "harness/run/a_test.cc:3")
        self.assertEqual(found[0], "harness/run/a_test.cc:3: test-header: TEST without <gtest/gtest.h>")

    def test_banned_calls_are_named_by_their_line(self):
        self.expect_places("assert", {"cache/key.cc": source("", "assert(1);", "f(); assert(2);")}, "cache/key.cc:3", "cache/key.cc:4")
        self.expect_clean({"cache/key.cc": source(), "scripts/a.py": "# No C++ here.\nassert(x)\n"})

    def test_a_guard_may_name_a_test_hook(self):
        lines = [""] * 7
        self.expect_clean({"cache/a.h": "// A header.\n" + "\n".join(lines) + "\n#ifndef CACHE_FOR_TEST_H\n#define CACHE_FOR_TEST_H\n#endif\n"})
        self.expect_places("test-hook", {"cache/a.h": "// A header.\n\n" + "\n".join(lines) + "\n#ifndef CACHE_FOR_TEST_H\n"
                                         "#define CACHE_FOR_TEST_H\n#endif\n"}, "cache/a.h:10")
        self.expect_places("test-hook", {"cache/a.h": header("A_H", "#ifdef B_TEST", "#endif")}, "cache/a.h:4")
        os.remove(os.path.join(self.root, "cache/a.h"))
        self.expect_clean({"harness/run/a.cc": source("#ifdef TEST")})

    def test_heads(self):
        good = {"scripts/a.py": '"""Says what it is."""\n', "scripts/b.py": '#!/usr/bin/env python3\n"""Says what it is:\nmore.\n"""\n',
                "scripts/c": "#!/bin/sh\n# Runs it.\n", "scripts/d.cmake": "# Is it\n# this? Yes\n", "cache/a.cc": "// It works (so far.)\n",
                "scripts/e.txt": "int a\n", "scripts/f.sh": "#!/bin/sh\n#\n# Late.\n"}
        bad = {"scripts/f.sh": 2}
        self.expect_places("head", good, *(f"{path}:{line}" for path, line in bad.items()))
        del good["scripts/f.sh"]
        os.remove(os.path.join(self.root, "scripts/f.sh"))
        for path, text, line in (
                ("scripts/a.py", '"""word."""\n', 1), ("scripts/a.py", "#!/x", 2), ("scripts/b.py", '#!/x\n"""Says\nwhat.\n"""\n', 2),
                ("scripts/c", "#!/bin/sh\nrun it.\n", 2), ("cache/a.cc", "// word.\n", 1), ("cache/a.cc", "// two words\n", 1),
                ("cache/a.cc", "// two words\n\n// Then. more\n", 1), ("cache/a.cc", "// two words\nint a;  // Then.\n", 1),
                ("cache/a.cc", "// two\n// w.ords\n", 1)):
            with self.subTest(text):
                self.expect_places("head", {**good, path: text}, f"{path}:{line}")

    def test_guards(self):
        for text in ("#pragma once\n", "", "#ifndef A_H\n#define B_H\n#endif\n", "#ifdef A_H\n#define A_H\n#endif\n", "#ifndef A_H\n#endif\n",
                     "#ifndef A_H\n#define A_H\n#endif\n#include <x>\n", "#ifndef A_H\n#undef A_H\n#endif\n", "#ifndef\n#define\n#endif\n"):
            with self.subTest(text):
                found = self.findings({"harness/run/a.h": "// A header.\n" + text}, 1)
                self.assertEqual(found, ["harness/run/a.h:1: guard: no include guard (#ifndef, #define first; #endif last)"])
        found = self.findings({"harness/run/a.h": header("SAME_H"), "harness/run/b.h": header("SAME_H")}, 1)
        self.assertEqual(found, ["harness/run/b.h:1: guard: SAME_H is also the guard of harness/run/a.h"])

    def test_lists(self):
        body = "TEST(A, B) { EXPECT_EQ(1, one()); }"
        lists = {"fuzz/CMakeLists.txt": "# All targets.\nstampede_add_fuzz_target(new\n  other)\n"}
        self.expect_clean({**lists, "fuzz/new_fuzz.cc": source()})
        for path, text in (("fuzz/unknown_fuzz.cc", source()), ("fuzz/new_test.cc", test_file(body)), ("fuzz/new_property.cc", source())):
            with self.subTest(path):
                found = self.expect_places("unlisted", {**lists, path: text}, f"{path}:1")
                self.assertEqual(found[0], f"{path}:1: unlisted: no CMakeLists.txt beside or above names this file: it never runs")
                os.remove(os.path.join(self.root, path))
        for text in ("# Targets: (new)\n", "# All targets.\n# add(new)\n", "# All targets.\nadd(newer)\n"):
            self.expect_places("unlisted", {**lists, "fuzz/CMakeLists.txt": text}, "fuzz/new_fuzz.cc:1")

    def test_names(self):
        self.expect_clean({"harness/run/utility.cc": source(), "harness/run/common_sense.cc": source()})
        for path in ("harness/run/base.cc", "harness/run/util_a.cc", "harness/misc_run/a.txt"):
            found = self.findings({path: source()}, 1)
            name = path.split("/")[1 if "misc" in path else 2]
            self.assertEqual(found, [f"{path}:1: name: '{name}' says nothing; name what is in it"])
            os.remove(os.path.join(self.root, path))

    def test_the_top_level(self):
        self.expect_clean({".hidden/a": "x", ".dot": "x", "LICENSE": "x", "CMakePresets.json": "{}", "properties/a": "x"})
        self.assertEqual(self.findings({"more/a": "x"}, 1), ["more/a:1: top-level: more does not belong at the top level"])

    def test_what_begins_as_a_program_can_be_executed(self):
        self.expect_clean({"scripts/a.sh": "#!/bin/sh\n# Runs it.\n", "scripts/b.sh": "# Is sourced (as #! is not).\n"})
        self.modes["scripts/a.sh"] = 0o644
        self.expect_places("mode", {"scripts/a.sh": "#!/bin/sh\n# Runs it.\n"}, "scripts/a.sh:1")

    def test_every_machine_path_is_named(self):
        self.expect_places("machine-path", {"README.md": "\n/root/a and /work/b\nfine\n/farm\n"}, "README.md:2", "README.md:2", "README.md:4")

    def test_bodies_of_tests(self):
        self.expect_places("dull-test", {"properties/CMakeLists.txt": "# All that is listed.\nadd(a_property.cc)\n",
                                         "properties/a_property.cc": source("RC_GTEST_PROP(A, B, (int x)) { f(x); }")},
                           "properties/a_property.cc:2")
        os.remove(os.path.join(self.root, "properties/a_property.cc"))
        self.expect_places("dull-test", {"cache/key_test.cc": test_file(
            "EXPECT_ALL(x)", "TEST(A, B) {", "  f({1});", "}", "TEST(A, C) { EXPECT_EQ(1, one()); }", "TEST(A, D) {", "}")},
            "cache/key_test.cc:5", "cache/key_test.cc:9")
        # What does not close reaches to the end.
        self.expect_clean({"cache/key_test.cc": test_file("TEST(A, B) {", "  EXPECT_EQ(1, one());"),
                           "harness/run/a.cc": source("TEST(A, B) { }"), "cache/a.txt": "TEST(A, B) { }\n"})
        self.expect_places("dull-test", {"cache/key_test.cc": test_file("", "TEST(A, B) {", "  f();")}, "cache/key_test.cc:5")

    def test_matching_brackets(self):
        for code, start, end in (("(a(b)c)d", 0, 7), ("(a(b)c)d", 2, 5), ("x(())", 1, 5), ("((", 0, 2), ("(()", 0, 3)):
            self.assertEqual(lint.matching(code, start, "(", ")"), end, code)

    def test_sizes(self):
        for path, limit in (("CMakeLists.txt", 150), ("harness/run/CMakeLists.txt", 60), ("README.md", 200), ("cache/README.md", 120),
                            ("harness/run/a_test.cc", 400), ("harness/run/a_test.h", 400), ("harness/run/a_fuzz.cc", 80),
                            ("harness/run/a.h", 150), ("harness/run/a.cc", 400), ("scripts/a.sh", 400), ("scripts/a.py", 400)):
            with self.subTest(path):
                start = header("A_H") if path.endswith(".h") else "// Is C++.\n" if path.endswith(".cc") else "# Is none at all.\nadd(a_test.cc a_fuzz.cc)\n"
                lists = {"harness/run/CMakeLists.txt": "# All that is listed.\nadd(a_test.cc a_fuzz.cc)\n"}
                text = start + "\n" * (limit - start.count("\n"))
                self.assertEqual(self.warnings({**lists, path: text}), [])
                self.assertEqual(self.warnings({**lists, path: text + "\n"}),
                                 [f"{path}:1: warning: size: {limit + 1} lines; files of this kind rarely exceed {limit}"])
                os.remove(os.path.join(self.root, path))

    def test_sizes_of_functions(self):
        def function(head, lines):
            return [head + " {", *["  if (a()) { b(); }"] * (lines - 2), "}"]
        warning = "harness/run/a.cc:{}: warning: size: a function of {} lines; they rarely exceed 70"
        for head in ("int a()", "int b() const noexcept override", "auto c = [] () -> std::vector<int>", "MACRO([]() { a(); })"):
            with self.subTest(head):
                self.assertEqual(self.warnings({"harness/run/a.cc": source(*function(head, 70))}), [])
                self.assertEqual(self.warnings({"harness/run/a.cc": source("", *function(head, 71))}), [warning.format(3, 71)])
        # Of a function in a function the outer one counts; what follows counts by itself; what does not close, to the end.
        both = source(*function("int a()", 71), *function("int b()", 72))
        self.assertEqual(self.warnings({"harness/run/a.cc": both}), [warning.format(2, 71), warning.format(73, 72)])
        nested = source("int a() {", *["  f([]() {", *["    b();"] * 80, "  });"], "}")
        self.assertEqual(self.warnings({"harness/run/a.cc": nested}), [warning.format(2, 84)])
        self.assertEqual(self.warnings({"harness/run/a.cc": source("int a() {", *["  b();"] * 70)}), [warning.format(2, 72)])


class Command(LintTest):
    def run_with_format(self, changes, says="", status=0):
        """Runs it with a clang-format-19 that notes the names it is given, says something, and ends with a status."""
        self.write("tools/clang-format-19", f'#!/bin/sh\necho "$@" >>"$NOTES"\nprintf "{says}" >&2\nexit {status}\n')
        os.chmod(os.path.join(self.root, "tools/clang-format-19"), 0o755)
        notes = self.root + ".notes"
        self.addCleanup(lambda: os.path.exists(notes) and os.remove(notes))
        path = f"{self.root}/tools:{os.environ['PATH']}"
        with mock.patch.dict(os.environ, PATH=path, NOTES=notes), mock.patch.object(lint, "TOP_LEVEL", lint.TOP_LEVEL | {"tools"}):
            self.write(".gitignore", "tools\n")
            result = self.run_lint({"tools/clang-format-19": "#!/bin/sh\n# Formats nothing.\n" + open(
                os.path.join(self.root, "tools/clang-format-19"), encoding="utf-8").read()[10:], **changes}, "--format")
        with open(notes, encoding="utf-8") as file:
            return *result, file.read().splitlines()

    def test_format_looks_at_every_source_once(self):
        for count in (0, 3, 20):
            changes = {f"harness/run/f{i}.cc": source() for i in range(count)}
            status, output, calls = self.run_with_format(changes)
            self.assertEqual(status, 0, output)
            self.assertEqual({call.split()[0] for call in calls}, {"--dry-run"})
            names = sorted(name for call in calls for name in call.split()[1:])
            self.assertEqual(names, sorted([*changes, "cache/key.cc", "cache/key.h", "cache/key_test.cc", "cache/posix_os.cc",
                                            "harness/plan/plan.h", "harness/live/seccomp.cc"]))
            self.assertLessEqual(len(calls), 8)
            os.remove(self.root + ".notes")

    def test_format_names_the_first_line_of_a_file(self):
        says = "cache/key.cc:7:3: warning: code should be clang-formatted\\ncache/key.cc:9:1: error: again\\n  cache/key.h: no\\n"
        status, output, _ = self.run_with_format({}, says)
        self.assertEqual((status, output.splitlines()[:-1]), (1, ["cache/key.cc:7: format: run clang-format-19 -i cache/key.cc"]))

    def test_format_that_crashes_is_no_pass(self):
        status, output, _ = self.run_with_format({}, "no such style", 139)
        self.assertEqual(status, 1, output)
        self.assertIn(".clang-format:1: format: ", output)
        self.assertIn("clang-format-19 ended with status 139: no such style\n", output)

    def test_format_that_is_missing_is_said(self):
        with mock.patch("lint.shutil.which", return_value=None), contextlib.redirect_stderr(io.StringIO()) as said:
            with self.assertRaises(SystemExit) as end:
                self.run_lint({}, "--format")
        self.assertEqual(end.exception.code, 3)
        self.assertEqual(said.getvalue(), "lint.py: clang-format-19 is missing: run scripts/setup.sh, or use --no-format\n")

    def test_statuses(self):
        warned = {"harness/run/a.cc": source(*[""] * 400)}
        self.assertEqual(self.run_lint({}), (0, "lint: 10 files, 0 errors, 0 warnings\n"))
        self.assertEqual(self.run_lint({}, "--warnings-as-errors")[0], 0)
        self.assertEqual(self.run_lint(warned, "--warnings-as-errors")[0], 1)
        self.assertEqual(self.run_lint(warned), (0, "harness/run/a.cc:1: warning: size: 401 lines; files of this kind rarely exceed 400\n"
                                                 "lint: 11 files, 0 errors, 1 warnings\n"))
        status, output = self.run_lint({"cache/key.cc": "int a;\n"})
        self.assertEqual((status, output.splitlines()[0].split(": ")[:2]), (1, ["cache/key.cc:1", "head"]))
        self.assertTrue(output.endswith("lint: 11 files, 1 errors, 1 warnings\n"), output)

    def test_no_files_at_all(self):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            self.assertEqual(lint.main(["--root", self.root, "--no-format"]), 1)
        self.assertEqual(output.getvalue(), "lint: 0 files, 0 errors, 0 warnings\nlint: no files: a run that checks nothing fails\n")

    def test_as_a_program(self):
        for name in ("lint.py", "lint_tables.py"):
            shutil.copy(os.path.join(SCRIPTS, name), self.root)
        program = [sys.executable, os.path.join(self.root, "lint.py")]
        done = subprocess.run([*program, "--help"], capture_output=True, text=True, check=False)
        self.assertTrue(done.stdout.startswith("usage: scripts/lint.py [--root DIR] [--no-format]"), done.stdout)
        self.assertIn("\nPrints `file:line: rule: message`. Warnings", done.stdout)
        done = subprocess.run([*program, "--no-format", "--what"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.write("scripts/a.sh", "none\n")
        done = subprocess.run([*program, "--no-format", "--root", os.path.join(self.root, "scripts")], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "lint: 1 files, 2 errors, 0 warnings")
        self.assertNotIn("__pycache__", os.listdir(self.root))


if __name__ == "__main__":
    unittest.main()
