# Changes of C++ sources, derived from the syntax tree that libclang gives (python3-clang-19).

import os
import re
import sys

from sabotage_changes import Change

sys.path.append("/usr/lib/python3/dist-packages")  # where Debian puts it, whichever python3 runs this
ON = "::stampede_sabotage::on(\0)"
MOVED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
# Types of which nothing is a value; for the first, only where an error is returned.
EMPTY = re.compile(r"^(const )?(tl::expected<|std::(optional|vector|map|set|basic_string|__cxx11::basic_string)<)")
AN_ERROR = re.compile(r"^(\w+::)*(fail|failure|unexpected|make_unexpected)\b|^tl::unexpected|error\(\)\)?$|\bfail(ed|ure)?\(")
IS_EMPTY = re.compile(r'^(\{\}|std::nullopt|""|\w+(::\w+)*(<.*>)?\{\})$')
SAYS_CONSTEXPR = re.compile(r"[^{=(]*\b(constexpr|consteval|constinit)\b")

TEMPLATES = ("FUNCTION_TEMPLATE", "CLASS_TEMPLATE", "CLASS_TEMPLATE_PARTIAL_SPECIALIZATION")
FUNCTIONS = ("FUNCTION_DECL", "CXX_METHOD", "CONSTRUCTOR", "DESTRUCTOR", "CONVERSION_FUNCTION", "FUNCTION_TEMPLATE")
CONSTANTS = ("STATIC_ASSERT", "ENUM_CONSTANT_DECL")
# Which children are statements of their own.
BODIES = {"COMPOUND_STMT": slice(None), "IF_STMT": slice(1, None), "DO_STMT": slice(1), "WHILE_STMT": slice(-1, None),
          "FOR_STMT": slice(-1, None), "CXX_FOR_RANGE_STMT": slice(-1, None)}
# Instead of which declaration the next one of the same type is taken.
NEXT = {"DECL_REF_EXPR": ("constant", "ENUM_CONSTANT_DECL"), "MEMBER_REF_EXPR": ("field", "FIELD_DECL")}


def macro_calls(source):
    """Where NAME(...) or NAME(...); stands: what is in it may mean anything. The parser's own record costs it minutes."""
    for name in re.finditer(rb"\b[A-Z][A-Z0-9_]+(?=\()", source):
        depth = 0
        for bracket in re.compile(rb"[()]").finditer(source, name.end()):
            depth += 1 if bracket[0] == b"(" else -1
            if depth == 0:
                yield name.start(), re.compile(rb"\s*;?").match(source, bracket.end()).end()
                break


def span_of(cursor):
    return (cursor.extent.start.offset, cursor.extent.end.offset)


class CxxChanges:
    """Those of one file, as one translation unit sees it."""

    def __init__(self, file, source):
        self.file, self.source, self.changes, self.macros = file, source, [], list(macro_calls(source))

    def text(self, span):
        return self.source[span[0]:span[1]].decode(errors="replace")

    def statement(self, span):
        """With the semicolon behind it; nothing where none is."""
        found = re.compile(rb"\s*;").match(self.source, span[1])
        return (span[0], found.end()) if found else None

    def walk(self, cursor, blocked="", function=None, is_in_lambda=False):
        kind, children = cursor.kind.name, list(cursor.get_children())
        is_constant = kind in CONSTANTS or (
            kind in (*FUNCTIONS, "VAR_DECL") and SAYS_CONSTEXPR.match(self.text(span_of(cursor))))
        blocked = blocked or ("template" if kind in TEMPLATES else "constexpr" if is_constant else "")
        function = cursor if kind in FUNCTIONS else function

        def add(what, span, *pieces, reason=""):
            if span[0] < span[1]:
                where = function.spelling if function else ""
                why = blocked or ("macro" if any(a <= span[0] and span[1] <= b for a, b in self.macros) else reason)
                self.changes.append(Change(self.file, where, what, span, pieces, self.source, why))

        for child in children[BODIES.get(kind, slice(0))]:
            self.drop(child, add)
        if kind == "RETURN_STMT" and children and (function or is_in_lambda):
            returned = (children[0].type if is_in_lambda else function.result_type).get_canonical().spelling
            self.success(span_of(cursor), span_of(children[0]), returned, add, "lambda" if is_in_lambda else "")
        self.derive(cursor, kind, children, add)
        for child in children[kind == "CASE_STMT":]:  # not its label
            self.walk(child, blocked, function, is_in_lambda or kind == "LAMBDA_EXPR")

    def derive(self, cursor, kind, children, add):
        span, spans = span_of(cursor), [span_of(child) for child in children]
        conditions, operator = [], ""
        match kind:
            case "IF_STMT" | "WHILE_STMT":  # an initializer or a declared condition comes first, as a declaration
                conditions = [part for child, part in zip(children[:2], spans) if child.kind.is_expression()][:1]
            case "DO_STMT":
                conditions = spans[-1:]
            case "FOR_STMT":  # libclang leaves out the parts that are not there: the condition stands between the semicolons
                conditions = [part for child, part in zip(children[:-1], spans) if child.kind.is_expression()
                              and ";" in self.text((span[0], part[0])) and self.statement(part)]
            case "CONDITIONAL_OPERATOR":
                conditions = spans[:1]
            case "BINARY_OPERATOR" if len(children) == 2:
                operator = self.text((spans[0][1], spans[1][0])).strip()
                conditions = spans if operator in ("&&", "||") else []
            case "CALL_EXPR" if len(children) == 3 and cursor.spelling.removeprefix("operator") in MOVED:
                operator = self.text((spans[0][1], spans[2][0])).strip()
            case "INTEGER_LITERAL" | "FLOATING_LITERAL" if self.text(span):  # else it stands in no file
                add("constant", span, f"({ON} ? {self.text(span)} + 1 : ", span, ")")
            case "CXX_BOOL_LITERAL_EXPR":
                add("constant", span, f"({ON} != ", span, ")")
            case "DECL_REF_EXPR" | "MEMBER_REF_EXPR" if cursor.referenced and cursor.referenced.kind.name == NEXT[kind][1]:
                self.take_next(NEXT[kind][0], cursor.referenced, span, add)
        for part in conditions:
            add("negated", part, f"({ON} != static_cast<bool>(", part, "))")
        if operator == "/":
            add("quotient", span, f"({ON} ? (", spans[1], ") / (", spans[0], ") : (", span, "))")
        elif operator in MOVED:
            add("moved", span, f"({ON} ? (", spans[0], f" {MOVED[operator]} ", spans[-1], ") : (", span, "))")

    def drop(self, child, add):
        name, statement = child.kind.name, self.statement(span_of(child))
        is_jump = name in ("BREAK_STMT", "CONTINUE_STMT") or (name == "RETURN_STMT" and not list(child.get_children()))
        if (child.kind.is_expression() or is_jump) and statement:
            add("dropped", statement, f"{{ if (!{ON}) {{ ", statement, " } }")

    def take_next(self, kind, chosen, span, add):
        some = [each for each in chosen.semantic_parent.get_children()
                if each.kind == chosen.kind and each.type.get_canonical().spelling == chosen.type.get_canonical().spelling]
        text = self.text(span)
        if len(some) > 1 and chosen in some and text.endswith(chosen.spelling):
            other = some[(some.index(chosen) + 1) % len(some)]
            add(kind, span, f"({ON} ? {text.removesuffix(chosen.spelling)}{other.spelling} : ", span, ")")

    def success(self, span, value, returned, add, reason):
        statement, text = self.statement(span), self.text(value)
        is_error = not returned.removeprefix("const ").startswith("tl::expected<") or AN_ERROR.search(text)
        if statement and returned == "int" and text != "0":
            add("success", value, f"({ON} ? 0 : ", value, ")")
        elif statement and EMPTY.match(returned) and not IS_EMPTY.match(text) and is_error:
            add("success", statement, f"{{ if ({ON}) return {{}}; ", statement, " }", reason=reason)


def cxx_changes(root, sources, wanted, arguments):
    """The changes of a translation unit that stand in the files `wanted`, of which `sources` (path -> bytes) is the text, and
    what could not be read. All paths are real ones."""
    from clang import cindex
    unit = cindex.Index.create().parse(None, args=arguments, unsaved_files=list(sources.items()))
    found = {}
    for cursor in unit.cursor.get_children():
        file = cursor.location.file and os.path.realpath(cursor.location.file.name)
        if file in wanted:
            if file not in found:
                found[file] = CxxChanges(os.path.relpath(file, root), sources[file])
            found[file].walk(cursor)
    return ([change for each in found.values() for change in each.changes],
            [str(problem) for problem in unit.diagnostics if problem.severity >= cindex.Diagnostic.Error])
