# Changes of sources: each of one place, written behind a switch, so that one build holds all and a number in the environment
# turns one on. Here are also those of Python scripts, from their syntax tree.

import ast
import collections
import hashlib
import itertools
import re

# What a rewritten source begins with. REACHED names a file with a byte for each change, which is set where it is come to.
SWITCHES_MAX = 1 << 20
SWITCH_CXX = f"""#ifndef STAMPEDE_SABOTAGE_SWITCH
#define STAMPEDE_SABOTAGE_SWITCH
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
namespace stampede_sabotage {{
inline const char* setting(const char* name) {{ return ::getenv(name) == nullptr ? "" : ::getenv(name); }}
inline const long chosen = ::atol(setting("STAMPEDE_SABOTAGE"));
inline const int file = ::open(setting("STAMPEDE_SABOTAGE_REACHED"), O_RDWR | O_CLOEXEC);
inline void* const reached = file < 0 ? MAP_FAILED : ::mmap(nullptr, {SWITCHES_MAX}, PROT_WRITE, MAP_SHARED, file, 0);
inline const int closed = file < 0 ? 0 : ::close(file);
inline bool on(long number) {{
  if (reached != nullptr && reached != MAP_FAILED) static_cast<char*>(reached)[number] = 1;
  return chosen == number;
}}
}}  // namespace stampede_sabotage
#endif
""".encode()
SWITCH_PYTHON = b"""import os as _sabotage_os
def _sabotage(number):
    file = _sabotage_os.environ.get("STAMPEDE_SABOTAGE_REACHED")
    if file and _sabotage_os.path.exists(file):
        with open(file, "r+b") as reached:
            reached.seek(number)
            reached.write(b"\\1")
    return _sabotage_os.environ.get("STAMPEDE_SABOTAGE") == str(number)
"""
# Of the changes of one place what asks for a truth value stands around what gives a value, whose type must stay what it was.
AROUND = {"success": 0, "dropped": 1, "negated": 2, "moved": 3}


class Change:
    """One change of one place. `pieces` replaces source[start:end]: text, or (start, end) of the source; \\0 is its number."""

    def __init__(self, file, function, kind, span, pieces, source, blocked=""):
        as_text = lambda piece: piece if isinstance(piece, str) else source[slice(*piece)].decode(errors="replace")
        self.file, self.function, self.kind, self.blocked = file, function, kind, blocked
        (self.start, self.end), self.pieces = span, pieces
        self.line = source.count(b"\n", 0, self.start) + 1
        self.text, self.becomes = (re.sub(r"\s+", " ", "".join(map(as_text, some))) for some in ([span], pieces))


def name_all(changes):
    """Keys that lines moving up and down leave as they are: file, function, kind, text, and which of those that share them."""
    seen = collections.Counter()
    for change in sorted(changes, key=lambda c: (c.file, c.start, c.end, c.kind)):
        what = "\0".join((change.file, change.function, change.kind, change.text, change.becomes))
        seen[what] += 1
        change.key = hashlib.sha256(f"{what}\0{seen[what]}".encode()).hexdigest()[:12]


def render(source, changes, switch=b"", at=0):
    """The source with all changes behind switches, what they need `at` a place, and where each stands: (start, end, change)."""
    ordered = sorted(changes, key=lambda c: (c.start, -c.end, AROUND.get(c.kind, 4), c.becomes))
    out, spans = bytearray(), []

    def write(start, end, inside):
        while inside:
            outer, *rest = inside
            nested, inside = [c for c in rest if c.end <= outer.end], [c for c in rest if c.end > outer.end]
            out.extend(source[start:outer.start])
            begin, start = len(out), outer.end
            for piece in outer.pieces:
                if isinstance(piece, str):
                    out.extend(piece.replace("\0", str(outer.number)).encode())
                else:
                    write(*piece, [c for c in nested if piece[0] <= c.start and c.end <= piece[1]])
            spans.append((begin, len(out), outer))
        out.extend(source[start:end])

    write(0, at, [c for c in ordered if c.end <= at])
    out.extend(switch)
    write(at, len(source), [c for c in ordered if c.end > at])
    return bytes(out), spans


ON = "_sabotage(\0)"
MOVED = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
         ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"}


class PythonChanges(ast.NodeVisitor):
    def __init__(self, file, source):
        self.file, self.source, self.changes, self.functions = file, source, [], []
        self.bound = set()                # the names that a function has given a value so far
        self.within = self.reason = None  # a place inside of which nothing can be switched, and why
        self.lines = [0, *itertools.accumulate(map(len, source.splitlines(keepends=True)))]  # where each begins
        self.visit(ast.parse(source))

    def span(self, node):
        return self.within or (self.lines[node.lineno - 1] + node.col_offset,
                               self.lines[node.end_lineno - 1] + node.end_col_offset)

    def add(self, node, kind, *pieces, blocked=""):
        pieces = [self.span(piece) if isinstance(piece, ast.AST) else piece for piece in pieces]
        self.changes.append(Change(self.file, ".".join(self.functions), kind, self.span(node), pieces, self.source,
                                   self.reason or blocked))

    def negate(self, test):
        self.add(test, "negated", "((not (", test, f")) if {ON} else (", test, "))")

    def visit(self, node):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                arguments = getattr(node, "args", ast.arguments(defaults=[], kw_defaults=[]))
                for each in node.decorator_list:
                    self.add(each, "dropped", f"((lambda it: it) if {ON} else (", each, "))")
                for each in filter(None, [*node.decorator_list, *arguments.defaults, *arguments.kw_defaults]):
                    self.visit(each)
                outside, self.functions = (self.bound, self.functions), [*self.functions, node.name]
                self.bound = {each.arg for each in ast.walk(arguments) if isinstance(each, ast.arg)}
                for statement in node.body:
                    self.visit(statement)
                self.bound, self.functions = outside
                return
            # Places in formatted text have no spans of their own before Python 3.12; a pattern is no expression.
            case ast.JoinedStr() | ast.pattern() if not self.within:
                self.within, self.reason = self.span(node), "pattern" if isinstance(node, ast.pattern) else "formatted text"
                self.generic_visit(node)
                self.within = self.reason = None
                return
            case ast.Name(ctx=ast.Store()):
                self.bound.add(node.id)
            case ast.Expr(value=ast.Call()):
                self.add(node, "dropped", f"(None if {ON} else (", node, "))")
            case (ast.AugAssign() | ast.Assign() | ast.AnnAssign(value=ast.expr()) | ast.Delete() | ast.Break() | ast.Continue()
                  | ast.Raise() | ast.Return(value=None | ast.Constant(value=None))):
                kind = "success" if isinstance(node, ast.Raise) else "dropped"
                is_first = not self.source[self.lines[node.lineno - 1]:self.span(node)[0]].strip()
                targets = ast.walk(ast.Tuple(getattr(node, "targets", [getattr(node, "target", None)])))
                names = {each.id for each in targets if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
                is_new = not isinstance(node, ast.AugAssign) and not names <= self.bound
                self.add(node, kind, f"if not {ON}: ", node,
                         blocked="first assignment" if is_new else "" if is_first else "behind another")
            case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
                self.negate(node.test)
            case ast.match_case(guard=ast.expr()):
                self.negate(node.guard)
            case ast.comprehension(ifs=tests) | ast.BoolOp(values=tests):
                for test in tests:
                    self.negate(test)
            case ast.Compare(ops=[operator]) if type(operator) in MOVED:
                self.add(node, "moved", "((", node.left, f" {MOVED[type(operator)]} ", node.comparators[0],
                         f") if {ON} else (", node, "))")
            case ast.Compare():
                self.add(node, "moved", node, blocked="chain")
            case ast.BinOp(left=left, op=ast.Div() | ast.FloorDiv(), right=right) if not any(  # with a text it makes a path
                    isinstance(each, ast.JoinedStr) or isinstance(getattr(each, "value", 0), str) for each in (left, right)):
                operator = " / " if isinstance(node.op, ast.Div) else " // "
                self.add(node, "quotient", "(((", right, ")", operator, "(", left, f")) if {ON} else (", node, "))")
            case ast.Constant(value=bool() | int() | float()):
                other = not node.value if isinstance(node.value, bool) else node.value + 1
                self.add(node, "constant", f"({other} if {ON} else ", node, ")")
            case ast.Return() if getattr(node.value, "value", True):  # what is false is nothing already
                self.add(node.value, "success", f"(None if {ON} else (", node.value, "))")
        self.generic_visit(node)


def rewritten(file, source, changes):
    """The source with the switch and the changes, and their spans. In a script what must be first stays before the switch."""
    if not file.endswith(".py"):
        return render(source, changes, SWITCH_CXX)
    body = ast.parse(source).body
    first = next((each for each in body if isinstance(each, (ast.Import, ast.ImportFrom))), body[0])
    return render(source, changes, SWITCH_PYTHON, sum(map(len, source.splitlines(keepends=True)[:first.lineno - 1])))
