#!/usr/bin/env python3
# Tests which changes scripts/sabotage.py derives from C++ and Python, that they do what they say, and what is counted instead.

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import sabotage_changes as derive
import sabotage_cxx


def changes_of_text(text):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.realpath(os.path.join(folder, "a.cc"))
        pathlib.Path(file).write_text("not looked at, as what is laid there may be changed")
        found, errors = sabotage_cxx.cxx_changes(folder, {file: text.encode()}, {file}, ["-std=c++20", file])
    assert errors == [], errors
    derive.name_all(found)
    return found


def changes_of_script(text):
    return derive.PythonChanges("a.py", text.encode()).changes


def told(changes):
    return sorted((c.kind, c.text, c.becomes.replace("\x00", "N").replace("::stampede_sabotage::on(N)", "ON")) for c in changes)


class Cxx(unittest.TestCase):
    def of(self, body, head=""):
        return [each for each in told(changes_of_text(f"{head}\n{body}\n"))]

    def test_each_kind(self):
        cases = [
            ("void g(); void f() { g(); }", ("dropped", "g();", "{ if (!ON) { g(); } }")),
            ("void f(int a) { if (a) return; }", ("dropped", "return;", "{ if (!ON) { return; } }")),
            ("void f(int a) { while (true) break; }", ("dropped", "break;", "{ if (!ON) { break; } }")),
            ("void f(int a) { if (a) ++a; else --a; }", ("dropped", "--a;", "{ if (!ON) { --a; } }")),
            ("void f(int a) { for (;;) { continue; } }", ("dropped", "continue;", "{ if (!ON) { continue; } }")),
            ("int f(int a) { if (a) return 0; return 0; }", ("negated", "a", "(ON != static_cast<bool>(a))")),
            ("void f(int a) { do {} while (a); }", ("negated", "a", "(ON != static_cast<bool>(a))")),
            ("void f(int a) { for (; a;) {} }", ("negated", "a", "(ON != static_cast<bool>(a))")),
            ("int f(int a) { return a ? 0 : 0; }", ("negated", "a", "(ON != static_cast<bool>(a))")),
            ("bool f(bool a, bool b) { return a && b; }", ("negated", "a", "(ON != static_cast<bool>(a))")),
            ("bool f(bool a, bool b) { return a || b; }", ("negated", "b", "(ON != static_cast<bool>(b))")),
            ("bool f(int a) { return a < 3; }", ("moved", "a < 3", "(ON ? (a <= 3) : (a < 3))")),
            ("bool f(int a) { return a >= 3; }", ("moved", "a >= 3", "(ON ? (a > 3) : (a >= 3))")),
            ("bool f(int a) { return a == 3; }", ("moved", "a == 3", "(ON ? (a != 3) : (a == 3))")),
            ("bool f(A a) { return a == a; }", ("moved", "a == a", "(ON ? (a != a) : (a == a))")),
            ("long f() { return 41; }", ("constant", "41", "(ON ? 41 + 1 : 41)")),
            ("bool f() { return true; }", ("constant", "true", "(ON != true)")),
            ("E f() { return E::b; }", ("constant", "E::b", "(ON ? E::a : E::b)")),
            ("double f(double a, double b) { return a / b; }", ("quotient", "a / b", "(ON ? (b) / (a) : (a / b))")),
            ("long f(A a) { return a.x; }", ("field", "a.x", "(ON ? a.z : a.x)")),
            ("int f(int a) { return a; }", ("success", "a", "(ON ? 0 : a)")),
            ("std::optional<E> f(E e) { return e; }", ("success", "return e;", "{ if (ON) return {}; return e; }")),
            ("auto f() { return [](int a) { return a; }; }", ("success", "a", "(ON ? 0 : a)")),
            ("const auto f = [](int a) { return a; };", ("success", "a", "(ON ? 0 : a)")),
        ]
        head = ("#include <optional>\nenum class E { a, b };\nstruct A { long x, z; bool y; };\nbool operator==(const A&, const A&);\n"
                "bool operator!=(const A&, const A&);")
        for body, expected in cases:
            self.assertIn(expected, self.of(body, head), body)

    def test_what_is_left_alone(self):
        cases = ["int f() { return 0; }", "struct A { int x; bool y; }; bool f(A a) { return a.y; }", "void f() {}",
                 "const char* f() { return \"text\"; }", "enum class E { only }; E f() { return E::only; }",
                 "auto f() { return [](bool a) { return a; }; }", "int f(int a) { switch (a) { case 4: default: return 0; } }"]
        kinds = {case: [each for each in self.of(case) if each[1] not in ("0",)] for case in cases}
        self.assertEqual({case: [] for case in cases}, kinds)

    def test_what_cannot_be_switched_is_counted_with_its_reason(self):
        for text, reason in (("constexpr int k = 3;", "constexpr"), ("template <class T> bool f(T t) { return t < 3; }", "template"),
                             ("constexpr bool f(int a) { return a < 3; }", "constexpr"), ("static_assert(1 < 2);", "constexpr"),
                             ("enum E { a = 3 };", "constexpr"),
                             ("#define CHECK(x) if (!(x)) __builtin_trap()\nvoid f(int a) { CHECK(a < 3); }", "macro"),
                             ("#include <optional>\nauto f = [](int a) -> std::optional<int> { return a; };", "lambda"),
                             ("bool f(int a) { return a < 3; }", "")):
            found = changes_of_text(text)
            self.assertTrue(found, text)
            self.assertEqual({reason}, {change.blocked for change in found}, text)

    def test_keys_stay_where_lines_move_and_are_told_apart(self):
        one = changes_of_text("bool f(int a) { return a < 3; }\nbool g(int a) { return a < 3 || a < 3; }")
        other = changes_of_text("\n\n// More.\nbool f(int a) { return a < 3; }\n\nbool g(int a) { return a < 3 || a < 3; }")
        self.assertEqual({c.key for c in one}, {c.key for c in other})
        self.assertEqual(len(one), len({c.key for c in one}))
        self.assertEqual([1], sorted({c.line for c in one if c.function == "f"}))
        self.assertEqual([4], sorted({c.line for c in other if c.function == "f"}))

    def test_changes_inside_of_changes_are_rendered(self):
        source = b"bool f(int a) { return a < 3; }"
        found = changes_of_text(source.decode())
        for number, change in enumerate(sorted(found, key=lambda c: c.kind), 1):
            change.number = number
        text, spans = derive.render(source, found)
        on = "::stampede_sabotage::on"
        self.assertIn(f"({on}(2) ? (a <= ({on}(1) ? 3 + 1 : 3)) : (a < ({on}(1) ? 3 + 1 : 3)))", text.decode())
        self.assertEqual({1: 2, 2: 1}, {n: sum(c.number == n for _, _, c in spans) for n in (1, 2)})


class Python(unittest.TestCase):
    def test_each_kind(self):
        cases = [
            ("f()", ("dropped", "f()", "(None if ON else (f()))")),
            ("a += 1", ("dropped", "a += 1", "if not ON: a += 1")),
            ("while a:\n  break", ("dropped", "break", "if not ON: break")),
            ("while a:\n  pass", ("negated", "a", "((not (a)) if ON else (a))")),
            ("if a:\n  pass", ("negated", "a", "((not (a)) if ON else (a))")),
            ("b = [x for x in y if x]", ("negated", "x", "((not (x)) if ON else (x))")),
            ("b = x and y", ("negated", "y", "((not (y)) if ON else (y))")),
            ("b = 1 if x else 2", ("negated", "x", "((not (x)) if ON else (x))")),
            ("b = x < y", ("moved", "x < y", "((x <= y) if ON else (x < y))")),
            ("b = x not in y", ("moved", "x not in y", "((x in y) if ON else (x not in y))")),
            ("b = 41", ("constant", "41", "(42 if ON else 41)")),
            ("b = False", ("constant", "False", "(True if ON else False)")),
            ("b = x // y", ("quotient", "x // y", "(((y) // (x)) if ON else (x // y))")),
            ("raise x", ("success", "raise x", "if not ON: raise x")),
            ("def f():\n  return x", ("success", "x", "(None if ON else (x))")),
            ("def f():\n  return 'text'", ("success", "'text'", "(None if ON else ('text'))")),
            ("def f():\n  return", ("dropped", "return", "if not ON: return")),
            ("def f():\n  return None", ("dropped", "return None", "if not ON: return None")),
            ("def f(a):\n  a = x", ("dropped", "a = x", "if not ON: a = x")),
            ("for a in x:\n  a: int = x", ("dropped", "a: int = x", "if not ON: a: int = x")),
            ("a.b = a[c] = x", ("dropped", "a.b = a[c] = x", "if not ON: a.b = a[c] = x")),
            ("del x", ("dropped", "del x", "if not ON: del x")),
            ("assert x", ("negated", "x", "((not (x)) if ON else (x))")),
            ("match a:\n  case b if x:\n    pass", ("negated", "x", "((not (x)) if ON else (x))")),
            ("b = x is y", ("moved", "x is y", "((x is not y) if ON else (x is y))")),
            ("def f(a=3):\n  pass", ("constant", "3", "(4 if ON else 3)")),
            ("def f(*, a, b=3):\n  pass", ("constant", "3", "(4 if ON else 3)")),
            ("@d\ndef f():\n  pass", ("dropped", "d", "((lambda it: it) if ON else (d))")),
            ("@d(3)\nclass A:\n  pass", ("constant", "3", "(4 if ON else 3)")),
            ('if __name__ == "__main__":\n  pass', ("moved", '__name__ == "__main__"',
                                                 '((__name__ != "__main__") if ON else (__name__ == "__main__"))')),
        ]
        for text, expected in cases:
            found = [(c.kind, c.text, c.becomes.replace("_sabotage(\x00)", "ON")) for c in changes_of_script(text)]
            self.assertIn(expected, found, text)

    def test_what_is_left_alone(self):
        for text in ('"""text"""', '"text"', '(folder / "name")', "x", "def f():\n  return ''",
                     "def f(a: 3):\n  pass", "a: int"):
            self.assertEqual([], changes_of_script(text), text)

    def test_what_cannot_be_switched_is_counted_with_its_reason(self):
        new = "first assignment"
        for text, kind, reasons in (
                ("if a: b += c", "dropped", ["behind another"]), ("a.b = b; b += c", "dropped", ["", "behind another"]),
                ("if a:\n  b += c", "dropped", [""]), ("b = x", "dropped", [new]), ("a = b, c = x", "dropped", [new]),
                ("def f(a):\n  pass\na = x", "dropped", [new]), ("def f(a, *b, c=d):\n  a = b = c = x", "dropped", [""]),
                ("a: int = x", "dropped", [new]),
                ("b = x\ndef f():\n  b = x\nb = y", "dropped", [new, new, ""]),
                ("match a:\n  case 3 | [4]:\n    f()\n    b = 5", "constant", ["pattern", "pattern", ""]),
                ('b = (f"a {x + 1:{7}}", 8)', "constant", ["formatted text", "formatted text", ""]),
                ('(f"{x if y else z}")', "negated", ["formatted text"]), ("(a < b < c)", "moved", ["chain"])):
            self.assertEqual(reasons, [c.blocked for c in changes_of_script(text) if c.kind == kind], text)
        self.assertEqual(['f"a {x + 1}"'] * 2, [c.text for c in changes_of_script('(f"a {x + 1}", f"a {x + 1}")')])

    def test_the_switch_turns_one_change_on_and_tells_what_was_reached(self):
        source = b'#!/usr/bin/env python3\n"""What it is."""\nimport sys\nsys.exit(3 if len(sys.argv) < 2 else 4)\n'
        found = changes_of_script(source.decode())
        for number, change in enumerate(sorted(found, key=lambda c: c.start), 1):
            change.number = number
        three = next(c.number for c in found if c.text == "3")
        four = next(c.number for c in found if c.text == "4")
        text, spans = derive.rewritten("a.py", source, found)
        self.assertEqual(len(found), len({c.number for _, _, c in spans}))
        with tempfile.TemporaryDirectory() as folder:
            script, reached = pathlib.Path(folder, "a.py"), pathlib.Path(folder, "reached")
            script.write_bytes(text)
            reached.write_bytes(bytes(100))
            run = lambda number, *words: subprocess.run([sys.executable, script, *words], env={**os.environ, "STAMPEDE_SABOTAGE": str(number),
                                                        "STAMPEDE_SABOTAGE_REACHED": str(reached)}).returncode
            self.assertEqual([3, 4, 4, 3], [run(0), run(three), run(0, "word"), run(four)])
            self.assertEqual(1, reached.read_bytes()[three])
            reached.write_bytes(bytes(100))
            self.assertEqual(3, run(0))
            self.assertEqual((1, 0), (reached.read_bytes()[three], reached.read_bytes()[four]))


if __name__ == "__main__":
    unittest.main()
