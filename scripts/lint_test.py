#!/usr/bin/env python3
# Breaks each rule of scripts/lint.py once in a small tree and expects the message; a clean tree passes.

import os
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from lint_tree_for_test import LintTest, header, source, test_file  # noqa: E402

LINT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lint.py")


class Rules(LintTest):
    def test_clean_tree_passes(self):
        self.expect_clean({})

    def test_empty_tree_fails(self):
        done = subprocess.run([sys.executable, LINT, "--root", self.root, "--no-format"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)

    # --- layers ---

    def test_product_includes_nothing_of_the_harness(self):
        self.expect_finding("cache/key.cc:2", "layer", {"cache/key.cc": source('#include "harness/plan/plan.h"')})

    def test_product_does_not_include_its_command(self):
        self.expect_finding("cache/key.cc:2", "layer", {
            "cache/key.cc": source('#include "cache/command/bar.h"'), "cache/command/bar.h": header("BAR_H")})

    def test_siblings_are_blind_to_each_other(self):
        self.expect_finding("harness/judge/a.cc:2", "layer", {
            "harness/judge/a.cc": source('#include "harness/free/b.h"'), "harness/free/b.h": header("B_H")})

    def test_nobody_includes_a_top(self):
        for top in ("harness/cli", "properties", "fuzz"):
            with self.subTest(top):
                self.expect_finding("harness/run/a.cc:2", "layer", {
                    "harness/run/a.cc": source(f'#include "{top}/b.h"'), f"{top}/b.h": header("B_H")})
                os.remove(os.path.join(self.root, top, "b.h"))

    def test_arrows_that_point_down_pass(self):
        self.expect_clean({
            "harness/plan/a.cc": source('#include "cache/key.h"'),
            "harness/strategy/a.cc": source('#include "harness/plan/plan.h"'),
            "harness/sim/a.cc": source('#include "harness/plan/plan.h"', '#include "cache/key.h"'),
            "harness/run/b.h": header("B_H"),
            "harness/run/a.cc": source('#include "harness/judge/c.h"'),
            "harness/judge/c.h": header("C_H"),
            "harness/cli/a.cc": source('#include "harness/run/b.h"')})

    def test_unknown_folder_is_refused(self):
        self.expect_finding("harness/attic/a.cc:1", "layer", {"harness/attic/a.cc": source()})

    def test_includes_start_at_the_top(self):
        self.expect_finding("cache/key.cc:2", "layer", {"cache/key.cc": source('#include "key.h"')})

    # --- the kernel ---

    def test_kernel_headers_stay_behind_posix(self):
        for name in ("unistd.h", "fcntl.h", "sys/stat.h", "csignal", "signal.h", "poll.h", "netdb.h", "arpa/inet.h", "netinet/in.h"):
            with self.subTest(name):
                self.expect_finding("harness/judge/a.cc:2", "kernel", {"harness/judge/a.cc": source(f"#include <{name}>")})

    def test_tests_include_no_kernel_headers(self):
        self.expect_finding("cache/key_test.cc:7", "kernel", {"cache/key_test.cc+": "#include <fcntl.h>\n"})

    def test_posix_tests_and_filesystem_in_tests_pass(self):
        self.expect_clean({
            "cache/CMakeLists.txt+": "add_executable(more posix_os_test.cc)\n",
            "cache/posix_os_test.cc": test_file("#include <fcntl.h>", "TEST(A, B) { EXPECT_TRUE(who()); }"),
            "cache/key_test.cc+": "#include <filesystem>\n"})

    def test_product_does_not_go_past_the_door(self):
        self.expect_finding("cache/key.cc:2", "kernel", {"cache/key.cc": source("#include <filesystem>")})

    def test_system_calls_stay_behind_posix(self):
        for call in ("::open(p, 0)", "::read(1, b, 2)", "fork()", "syscall(3)", "::fsync(4)", "getpid()"):
            with self.subTest(call):
                if "open(" in call:
                    call = call.replace("open", "openat")
                self.expect_finding("harness/run/a.cc:2", "kernel", {"harness/run/a.cc": source(f"int a = {call};")})

    def test_methods_of_the_door_are_no_system_calls(self):
        self.expect_clean({"cache/key.cc": source("int a = os.read(1) + os_->close(2) + Os::rename(3) + os.sleep_until(4);")})

    # --- libraries ---

    def test_test_libraries_stay_in_tests(self):
        for name in ("gtest/gtest.h", "gmock/gmock.h", "rapidcheck.h", "rapidcheck/gtest.h"):
            with self.subTest(name):
                self.expect_finding("harness/run/a.cc:2", "test-library", {"harness/run/a.cc": source(f"#include <{name}>")})

    def test_a_test_includes_what_makes_it_one(self):
        self.expect_finding("harness/run/a_test.cc:2", "test-header", {
            "harness/run/CMakeLists.txt": "# The runs of this test.\nadd_executable(run_test a_test.cc)\n",
            "harness/run/a_test.cc": source("TEST(A, IsOne) { EXPECT_EQ(1, 1); }")})

    def test_heavy_library_in_a_header(self):
        self.expect_finding("harness/plan/a.h:4", "heavy-library", {
            "harness/plan/a.h": header("A_H", "#include <nlohmann/json.hpp>")})

    def test_heavy_library_in_the_wrong_folder(self):
        self.expect_finding("harness/run/a.cc:2", "heavy-library", {"harness/run/a.cc": source("#include <CLI/CLI.hpp>")})

    def test_heavy_library_in_too_many_files(self):
        files = {f"harness/faults/f{i}.cc": source("#include <boost/asio/read.hpp>") for i in range(4)}
        status, output = self.run_lint(files)
        self.assertEqual(status, 1, output)
        self.assertEqual(output.count("heavy-library: boost/asio is included in 4 files"), 4, output)

    def test_heavy_library_within_bounds_passes(self):
        self.expect_clean({"harness/faults/a.cc": source("#include <boost/asio/read.hpp>", "#include <boost/asio/write.hpp>")})

    def test_support_of_tests_is_part_of_the_tests(self):
        support = {"cache/scratch.h": header("SCRATCH_H", "#include <gtest/gtest.h>", "#include <filesystem>"),
                   "cache/scratch.cc": source('#include "cache/scratch.h"', "#include <boost/asio/read.hpp>"),
                   "cache/key_test.cc+": '#include "cache/scratch.h"\n'}
        self.expect_clean(support)
        status, output = self.run_lint({**support, "cache/key.cc": source('#include "cache/scratch.h"')})
        self.assertEqual(status, 1)
        for finding in ("cache/scratch.h:4: test-library", "cache/scratch.h:5: kernel", "cache/scratch.cc:3: heavy-library"):
            self.assertIn(finding, output)

    # --- banned calls ---

    def test_banned_calls(self):
        cases = {
            "sleep": ["std::this_thread::sleep_for(x);", "std::this_thread::sleep_until(x);", "usleep(1);", "sleep(1);",
                      "nanosleep(&a, &b);", "::sleep(1);"],
            "system": ['system("ls");', 'std::system("ls");', 'popen("ls", "r");'],
            "assert": ["assert(x);", "#include <cassert>"],
            "randomness": ["std::mt19937 r;", "std::random_device r;", "std::uniform_int_distribution<int> d;", "int x = rand();",
                           "std::shuffle(a, b, c);", "#include <random>", "srand(1);"],
            "skip": ["GTEST_SKIP();", "TEST_DISABLED = DISABLED_It;"],
            "dull-test": ["EXPECT_TRUE(true);", "SUCCEED();"],
        }
        for rule, lines in cases.items():
            for line in lines:
                with self.subTest(line):
                    self.expect_finding("harness/run/a.cc:3", rule, {"harness/run/a.cc": source("", line)})

    def test_what_only_looks_banned_passes(self):
        self.expect_clean({"harness/run/a.cc": source(
            "// sleep_for, assert(x) and rand() in a comment", 'auto a = "system(";', "static_assert(sizeof(int) == 4);",
            "/* std::mt19937", "   usleep(1) */", "os.sleep_until(x); os_->sleep_until(y); file_system(z); my_assert(w);",
            'auto raw = R"x(assert(1) " sleep(2))x";', "int n = 1'000'000; char c = '\"'; char d = 'a';",
            'GTEST_SKIP() << "no such kernel";')})

    def test_banned_call_after_tricky_literals_is_seen(self):
        self.expect_finding("harness/run/a.cc:4", "assert", {"harness/run/a.cc": source(
            'auto raw = R"(")"; char c = \'"\';', "int n = 1'000;", "assert(n);")})

    def test_product_has_no_test_hooks(self):
        for line in ("#ifdef TEST", "#if defined(UNIT_TESTING)", "#ifndef MUTANT", "friend class KeyTest;", "FRIEND_TEST(A, B);",
                     "void clear_for_testing();"):
            with self.subTest(line):
                self.expect_finding("cache/key.cc:2", "test-hook", {"cache/key.cc": source(line)})

    # --- files ---

    def test_first_line_is_a_sentence(self):
        cases = {"cache/key.cc": "int a;\n", "cache/CMakeLists.txt": "add_executable(cache_test key_test.cc)\n",
                 "harness/run/a.cc": "// one_word\n", "scripts/a.cmake": "set(a b)\n"}
        for path, text in cases.items():
            with self.subTest(path):
                self.expect_finding(f"{path}:1", "head", {path: text})
                os.remove(os.path.join(self.root, path))

    def test_first_line_after_the_interpreter(self):
        self.expect_finding("scripts/go.sh:2", "head", {"scripts/go.sh": "#!/usr/bin/env bash\nset -e\n"})
        self.expect_finding("scripts/go.sh:2", "head", {"scripts/go.sh": "#!/usr/bin/env bash\n\n# Late.\n"})

    def test_guards(self):
        self.expect_finding("cache/a.h:1", "guard", {"cache/a.h": "// A header without a guard.\nint a;\n"})
        self.expect_finding("cache/key.h:1", "guard", {"cache/a.h": header("MODELCACHE_KEY_H")})

    def test_unlisted_tests(self):
        for path in ("cache/new_test.cc", "properties/new_property.cc"):
            with self.subTest(path):
                self.expect_finding(f"{path}:1", "unlisted", {path: test_file("TEST(A, B) { EXPECT_EQ(1, one()); }")})
                os.remove(os.path.join(self.root, path))
        self.expect_finding("fuzz/new_fuzz.cc:1", "unlisted", {"fuzz/new_fuzz.cc": source()})

    def test_commented_out_or_longer_name_is_not_listed(self):
        self.expect_finding("cache/key_test.cc:1", "unlisted", {
            "cache/CMakeLists.txt": "# The product of this test.\n# key_test.cc\nadd_executable(a monkey_test.cc)\n"})

    def test_listed_above_passes(self):
        self.expect_clean({"cache/command/bar_test.cc": test_file("TEST(A, B) { EXPECT_EQ(1, one()); }"),
                           "cache/CMakeLists.txt+": "add_executable(b command/bar_test.cc)\n"})

    def test_top_level_entries(self):
        self.expect_finding("notes.txt:1", "top-level", {"notes.txt": "Remember.\n"})

    def test_names_that_say_nothing(self):
        for path in ("cache/utils.cc", "harness/run/common.cc", "harness/run/string_helpers.cc", "harness/run/misc/a.cc"):
            with self.subTest(path):
                self.expect_finding(f"{path}:1", "name", {path: source()})
                os.remove(os.path.join(self.root, path))

    def test_machine_paths(self):
        for path in ("/work/main", "/root/x", "/home/ann/x", "/farm"):
            with self.subTest(path):
                self.expect_finding("README.md:2", "machine-path", {"README.md+": f"See {path}.\n"})

    def test_paths_that_only_look_like_a_machine(self):
        self.expect_clean({"README.md+": "build/fuzz-work/x, a/work/b, https://example.org/work/, /workshop, /home, ~/work/\n"})

    def test_test_without_assertion(self):
        self.expect_finding("cache/key_test.cc:4", "dull-test", {
            "cache/key_test.cc": test_file("TEST(Key, IsOne) {", '  auto a = "EXPECT_EQ(";', "}")})

    def test_assertions_through_named_functions_pass(self):
        self.expect_clean({"cache/key_test.cc": test_file(
            "TEST_F(Key, A) { expect_same(1, 2); }", "TEST_P(Key, B) { check_all(3); }", 'TEST(Key, C) { FAIL() << "no"; }')})

    def test_sizes_are_warnings(self):
        status, output = self.run_lint({"harness/run/a.cc": source(*["int a();"] * 500)})
        self.assertEqual(status, 0, output)
        self.assertIn("harness/run/a.cc:1: warning: size: 501 lines", output)

    def test_long_functions_are_warnings(self):
        status, output = self.run_lint({"harness/run/a.cc": source("int a() {", *["  b();"] * 80, "}")})
        self.assertEqual(status, 0, output)
        self.assertIn("harness/run/a.cc:2: warning: size: a function of 82 lines", output)

    @unittest.skipUnless(shutil.which("clang-format-19"), "clang-format-19 is not installed")
    def test_formatting(self):
        shutil.copy(os.path.join(os.path.dirname(LINT), "..", ".clang-format"), self.root)
        status, output = self.run_lint({"harness/run/a.cc": source("int   a( ) ;")}, "--format")
        self.assertEqual(status, 1, output)
        self.assertIn("harness/run/a.cc:2: format: ", output)
        status, output = self.run_lint({"harness/run/a.cc": source("int a();")}, "--format")
        self.assertEqual(status, 0, output)


if __name__ == "__main__":
    unittest.main()
