# Changes of sources: each of one place, written behind a switch, so that one build holds all and a number in the environment
# turns one on. Here are also those of Python scripts, from their syntax tree.

import ast
import hashlib
import re

# What a rewritten C++ source includes. The map is shared by all processes of a test: a byte for each change that was come to.
SWITCH_CXX = r"""#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
namespace stampede_sabotage {
struct Switch {
  long chosen = 0;
  unsigned char* reached = nullptr;
  Switch() {
    if (const char* number = ::getenv("STAMPEDE_SABOTAGE")) chosen = ::atol(number);
    const char* file = ::getenv("STAMPEDE_SABOTAGE_REACHED");
    const int fd = file == nullptr ? -1 : ::open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void* map = ::mmap(nullptr, kSwitchBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (map != MAP_FAILED) reached = static_cast<unsigned char*>(map);
  }
  static constexpr unsigned long kSwitchBytes = 1UL << 20;
};
inline Switch the_switch;
inline bool on(long number) {
  if (the_switch.reached != nullptr) the_switch.reached[number] = 1;
  return the_switch.chosen == number;
}
}  // namespace stampede_sabotage
"""
SWITCH_PYTHON = """import os as _sabotage_os
def _sabotage(number):
    file = _sabotage_os.environ.get("STAMPEDE_SABOTAGE_REACHED")
    if file and _sabotage_os.path.exists(file):
        with open(file, "r+b") as reached:
            reached.seek(number)
            reached.write(b"\\1")
    return _sabotage_os.environ.get("STAMPEDE_SABOTAGE") == str(number)
"""


class Change:
    """One change of one place. `pieces` replaces source[start:end]: text, or (start, end) of the source; N is its number."""

    def __init__(self, file, function, kind, span, pieces, source, blocked=""):
        self.file, self.function, self.kind, self.blocked = file, function, kind, blocked
        self.start, self.end, self.pieces = span[0], span[1], pieces
        self.line = source.count(b"\n", 0, span[0]) + 1
        text = "".join(p if isinstance(p, str) else source[p[0]:p[1]].decode(errors="replace") for p in pieces)
        self.text = re.sub(r"\s+", " ", source[span[0]:span[1]].decode(errors="replace"))
        self.becomes = re.sub(r"\s+", " ", text)
        self.key = ""  # the same as long as place and text are; see name_all()


def name_all(changes):
    """Keys that lines moving up and down leave as they are: file, function, kind, text, and which of those that share them."""
    seen = {}
    for change in sorted(changes, key=lambda c: (c.file, c.start, c.end, c.kind)):
        what = "\0".join((change.file, change.function, change.kind, change.text, change.becomes))
        seen[what] = seen.get(what, 0) + 1
        change.key = hashlib.sha256(f"{what}\0{seen[what]}".encode()).hexdigest()[:12]


def render(source, changes):
    """The source with all changes behind switches, and where each stands in it: [(start, end, change)]."""
    # Of those of one place what asks for a truth value stands around what gives a value, whose type must stay what it was.
    around = {"success": 0, "dropped": 1, "negated": 2, "moved": 3}
    ordered = sorted(changes, key=lambda c: (c.start, -c.end, around.get(c.kind, 4), c.becomes))
    spans = []

    def write(out, start, end, inside):
        at, rest = start, list(inside)
        while rest:
            outer = rest.pop(0)
            nested = [c for c in rest if c.end <= outer.end]
            rest = [c for c in rest if c.end > outer.end]
            out += source[at:outer.start]
            begin = len(out)
            for piece in outer.pieces:
                if isinstance(piece, str):
                    out += piece.replace("\x00", str(outer.number)).encode()
                else:
                    write(out, piece[0], piece[1], [c for c in nested if piece[0] <= c.start and c.end <= piece[1]])
            spans.append((begin, len(out), outer))
            at = outer.end
        out += source[at:end]

    out = bytearray()
    write(out, 0, len(source), ordered)
    return bytes(out), spans


# -- Python ------------------------------------------------------------------------------------------------------------------

MOVED_PYTHON = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
                ast.NotIn: "in"}


class PythonChanges(ast.NodeVisitor):
    def __init__(self, file, source):
        self.file, self.source, self.changes, self.functions = file, source, [], []
        self.lines = [0]
        for line in source.split(b"\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.visit(ast.parse(source))

    def span(self, node):
        return (self.lines[node.lineno - 1] + node.col_offset, self.lines[node.end_lineno - 1] + node.end_col_offset)

    def add(self, node, kind, *pieces):
        self.changes.append(Change(self.file, ".".join(self.functions), kind, self.span(node), list(pieces), self.source))

    def negate(self, node):
        span = self.span(node)
        self.add(node, "negated", "((not (", span, ")) if _sabotage(\x00) else (", span, "))")

    def visit_FunctionDef(self, node):
        self.functions.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self.functions.pop()

    def visit_ClassDef(self, node):
        self.visit_FunctionDef(node)

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Call):
            self.add(node, "dropped", "(None if _sabotage(\x00) else (", self.span(node), "))")
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_AugAssign(self, node):
        self.add(node, "dropped", "if not _sabotage(\x00): ", self.span(node))
        self.generic_visit(node)

    def visit_Raise(self, node):
        self.add(node, "success", "if not _sabotage(\x00): ", self.span(node))
        self.generic_visit(node)

    def visit_Continue(self, node):
        self.add(node, "dropped", "if not _sabotage(\x00): ", self.span(node))

    visit_Break = visit_Continue

    def visit_If(self, node):
        # `__name__ == "__main__"` belongs to no test.
        if "__main__" not in ast.dump(node.test):
            self.negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node):
        self.negate(node.test)
        self.generic_visit(node)

    visit_IfExp = visit_While

    def visit_comprehension(self, node):
        for test in node.ifs:
            self.negate(test)
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        for operand in node.values:
            self.negate(operand)
        self.generic_visit(node)

    def visit_Compare(self, node):
        if len(node.ops) == 1 and type(node.ops[0]) in MOVED_PYTHON:
            left, right, span = self.span(node.left), self.span(node.comparators[0]), self.span(node)
            self.add(node, "moved", "((", left, f" {MOVED_PYTHON[type(node.ops[0])]} ", right, ") if _sabotage(\x00) else (",
                     span, "))")
        self.generic_visit(node)

    def visit_BinOp(self, node):
        is_text = any(isinstance(each, (ast.Constant, ast.JoinedStr)) and not isinstance(getattr(each, "value", ""), (int, float))
                      for each in (node.left, node.right))
        if isinstance(node.op, (ast.Div, ast.FloorDiv)) and not is_text:
            operator = " / " if isinstance(node.op, ast.Div) else " // "
            self.add(node, "quotient", "(((", self.span(node.right), ")", operator, "(", self.span(node.left),
                     ")) if _sabotage(\x00) else (", self.span(node), "))")
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, (bool, int, float)):
            other = not node.value if isinstance(node.value, bool) else node.value + 1
            self.add(node, "constant", f"({other} if _sabotage(\x00) else ", self.span(node), ")")

    def visit_JoinedStr(self, node):
        pass  # places in formatted text have no spans of their own before Python 3.12

    def visit_Return(self, node):
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self.add(node.value, "success", "(None if _sabotage(\x00) else (", self.span(node.value), "))")
        self.generic_visit(node)

    def visit_arguments(self, node):
        for each in node.defaults + [d for d in node.kw_defaults if d]:
            self.visit(each)


def python_changes(file, source):
    return PythonChanges(file, source).changes


def python_text(source, changes):
    """The rewritten script, and its changes' spans. The switch goes behind the first statement, which may be the docstring."""
    text, spans = render(source, changes)
    body = ast.parse(text).body
    first = next((each for each in body if isinstance(each, (ast.Import, ast.ImportFrom))), body[0])
    lines = text.split(b"\n")
    at = sum(len(line) + 1 for line in lines[:first.lineno - 1])
    return text[:at] + SWITCH_PYTHON.encode() + text[at:], spans
