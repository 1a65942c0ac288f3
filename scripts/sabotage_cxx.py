# Changes of C++ sources, derived from the syntax tree that libclang gives (python3-clang-19).

import os
import re
import sys

from sabotage_changes import Change

ON = "::stampede_sabotage::on(\x00)"
MOVED_CXX = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
# Types of which nothing is a value; for the first, only where an error is returned.
EMPTY = re.compile(r"^(const )?(tl::expected<|std::(optional|vector|map|set|basic_string|__cxx11::basic_string)<)")
AN_ERROR = re.compile(r"^(\w+::)*(fail|failure|unexpected|make_unexpected)\b|^tl::unexpected|error\(\)\)?$|\bfail(ed|ure)?\(")
IS_EMPTY = re.compile(r'^(\{\}|std::nullopt|""|\w+(::\w+)*(<.*>)?\{\})$')


def load_clang():
    try:
        from clang import cindex
    except ImportError:
        sys.path.append("/usr/lib/python3/dist-packages")  # where Debian puts it, whichever python3 runs this
        from clang import cindex
    return cindex


def macro_calls(source):
    """Where NAME(...) stands: what is in it may mean anything. The parser's own record of macros costs it minutes."""
    spans = []
    for found in re.finditer(rb"\b[A-Z][A-Z0-9_]+\(", source):
        depth, at = 1, found.end()
        while depth and at < len(source):
            depth += (source[at:at + 1] == b"(") - (source[at:at + 1] == b")")
            at += 1
        spans.append((found.start(), at))
    return spans


class CxxChanges:
    """Those of one translation unit that stand in `files`, a set of real paths that becomes smaller by what was read."""

    def __init__(self, root, path, arguments, wanted):
        self.cx = load_clang()
        self.root, self.wanted, self.changes, self.sources = root, wanted, [], {}
        K = self.cx.CursorKind
        self.K = K
        unit = self.cx.Index.create().parse(path, args=arguments)
        self.errors = [str(d) for d in unit.diagnostics if d.severity >= self.cx.Diagnostic.Error]
        self.macros = {}
        for cursor in unit.cursor.get_children():
            file = cursor.location.file
            if file is None or os.path.realpath(file.name) not in wanted:
                continue
            self.path = os.path.realpath(file.name)
            self.file = os.path.relpath(self.path, root)
            if self.path not in self.sources:
                with open(self.path, "rb") as stream:
                    self.sources[self.path] = stream.read()
                self.macros[self.path] = macro_calls(self.sources[self.path])
            self.source = self.sources[self.path]
            self.walk(cursor, [], "", None)

    def span(self, cursor):
        return (cursor.extent.start.offset, cursor.extent.end.offset)

    def text(self, span):
        return self.source[span[0]:span[1]].decode(errors="replace")

    def is_in_macro(self, span):
        return any(a <= span[0] and span[1] <= b for a, b in self.macros.get(self.path, ()))

    def add(self, kind, span, pieces, function, blocked):
        if span[0] < span[1] and not self.is_in_macro(span):
            self.changes.append(Change(self.file, function, kind, span, pieces, self.source, blocked))

    def walk(self, cursor, parents, blocked, function):
        K = self.K
        kind = cursor.kind
        if kind in (K.FUNCTION_TEMPLATE, K.CLASS_TEMPLATE, K.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION):
            blocked = blocked or "template"
        if kind in (K.FUNCTION_DECL, K.CXX_METHOD, K.CONSTRUCTOR, K.DESTRUCTOR, K.CONVERSION_FUNCTION, K.FUNCTION_TEMPLATE):
            function = cursor
            if self.says_constexpr(cursor):
                blocked = blocked or "constexpr"
        elif kind == K.VAR_DECL and self.says_constexpr(cursor):
            blocked = blocked or "constexpr"
        elif kind in (K.STATIC_ASSERT, K.ENUM_CONSTANT_DECL):
            blocked = blocked or "constexpr"
        children = list(cursor.get_children())
        self.derive(cursor, children, parents, blocked, function)
        for number, child in enumerate(children):
            if kind == K.CASE_STMT and number == 0:  # its label
                continue
            self.walk(child, parents + [cursor], blocked, function)

    def says_constexpr(self, cursor):
        span = self.span(cursor)
        head = re.split(r"[{=(]", self.text(span), maxsplit=1)[0]
        return re.search(r"\b(constexpr|consteval|constinit)\b", head) is not None

    def derive(self, cursor, children, parents, blocked, function):
        K, kind, span = self.K, cursor.kind, self.span(cursor)
        name = function.spelling if function is not None else ""
        parent = parents[-1] if parents else None

        def add(what, where, *pieces):
            self.add(what, where, list(pieces), name, blocked)

        if kind == K.COMPOUND_STMT:
            for child in children:
                self.drop(child, add)
        elif kind in (K.IF_STMT, K.WHILE_STMT, K.DO_STMT, K.FOR_STMT, K.CXX_FOR_RANGE_STMT):
            for child in {K.IF_STMT: children[1:], K.DO_STMT: children[:1]}.get(kind, children[-1:]):
                self.drop(child, add)
            self.negate_condition(cursor, children, add)
        elif kind == K.CONDITIONAL_OPERATOR and children:
            self.negate(children[0], add)
        elif kind == K.BINARY_OPERATOR and len(children) == 2:
            self.binary(cursor, children, add)
        elif kind == K.CALL_EXPR and len(children) == 3 and cursor.spelling in ("operator" + op for op in MOVED_CXX):
            self.compare(self.span(children[0]), self.span(children[2]), span, add)
        elif kind in (K.INTEGER_LITERAL, K.FLOATING_LITERAL):
            text = self.text(span)
            if text:
                add("constant", span, f"({ON} ? {text} + 1 : ", span, ")")
        elif kind == K.CXX_BOOL_LITERAL_EXPR:
            add("constant", span, f"({ON} != ", span, ")")
        elif kind == K.DECL_REF_EXPR and cursor.referenced is not None and cursor.referenced.kind == K.ENUM_CONSTANT_DECL:
            self.enumerator(cursor, span, add)
        elif kind == K.MEMBER_REF_EXPR and cursor.referenced is not None and cursor.referenced.kind == K.FIELD_DECL:
            self.field(cursor, span, parent, add)
        elif kind == K.RETURN_STMT and children:
            self.success(span, self.span(children[0]), function, parents, add)

    def statement_end(self, span):
        """One past the semicolon behind the expression, or None."""
        found = re.compile(rb"\s*;").match(self.source, span[1])
        return found.end() if found else None

    def drop(self, statement, add):
        K = self.K
        is_jump = statement.kind in (K.BREAK_STMT, K.CONTINUE_STMT)
        is_void_return = statement.kind == K.RETURN_STMT and not list(statement.get_children())
        if not (statement.kind.is_expression() or is_jump or is_void_return):
            return
        span = self.span(statement)
        end = self.statement_end(span)
        if end is not None and not self.is_in_macro(span):
            add("dropped", (span[0], end), f"{{ if (!{ON}) {{ ", (span[0], end), " } }")

    def negate(self, cursor, add):
        span = self.span(cursor)
        add("negated", span, f"({ON} != static_cast<bool>(", span, "))")

    def negate_condition(self, cursor, children, add):
        K = self.K
        if cursor.kind == K.CXX_FOR_RANGE_STMT:
            return
        if cursor.kind == K.DO_STMT:
            return self.negate(children[-1], add)
        if cursor.kind == K.FOR_STMT:
            # libclang leaves out the parts that are not there: the condition is what stands between the semicolons.
            head = re.compile(rb"for\s*\(").match(self.source, self.span(cursor)[0])
            first = self.top_level_semicolon(head.end()) if head else None
            second = self.top_level_semicolon(first + 1) if first else None
            for child in children[:-1]:
                span = self.span(child)
                if second and first < span[0] and span[1] <= second and child.kind.is_expression():
                    self.negate(child, add)
            return None
        # An initializer or a declared condition comes first, as a declaration.
        for child in children[:2]:
            if child.kind.is_expression():
                return self.negate(child, add)
        return None

    def top_level_semicolon(self, at):
        depth = 0
        for number in range(at, len(self.source)):
            c = self.source[number:number + 1]
            if c in b"([{":
                depth += 1
            elif c in b")]}":
                depth -= 1
                if depth < 0:
                    return None
            elif c == b";" and depth == 0:
                return number
        return None

    def compare(self, left, right, span, add):
        if not left[1] <= right[0]:
            return
        operator = self.text((left[1], right[0])).strip()
        if operator in MOVED_CXX:
            add("moved", span, f"({ON} ? (", left, f" {MOVED_CXX[operator]} ", right, ") : (", span, "))")

    def binary(self, cursor, children, add):
        left, right, span = self.span(children[0]), self.span(children[1]), self.span(cursor)
        operator = self.text((left[1], right[0])).strip() if left[1] <= right[0] else ""
        if operator in ("&&", "||"):
            self.negate(children[0], add)
            self.negate(children[1], add)
        elif operator == "/":
            add("quotient", span, f"({ON} ? (", right, ") / (", left, ") : (", span, "))")
        else:
            self.compare(left, right, span, add)

    def enumerator(self, cursor, span, add):
        chosen = cursor.referenced
        values = [c for c in chosen.semantic_parent.get_children() if c.kind == self.K.ENUM_CONSTANT_DECL]
        other = values[(values.index(chosen) + 1) % len(values)] if chosen in values else chosen
        if other.spelling == chosen.spelling:
            return
        text = self.text(span)
        if text.endswith(chosen.spelling):
            add("constant", span, f"({ON} ? {text[:-len(chosen.spelling)]}{other.spelling} : ", span, ")")

    def field(self, cursor, span, parent, add):
        chosen = cursor.referenced
        fields = [c for c in chosen.semantic_parent.get_children() if c.kind == self.K.FIELD_DECL]
        fields = [c for c in fields if c.type.get_canonical().spelling == chosen.type.get_canonical().spelling]
        if chosen not in fields or len(fields) < 2:
            return
        other = fields[(fields.index(chosen) + 1) % len(fields)]
        text = self.text(span)
        if text.endswith(chosen.spelling):
            add("field", span, f"({ON} ? {text[:-len(chosen.spelling)]}{other.spelling} : ", span, ")")

    def success(self, statement, value, function, parents, add):
        end = self.statement_end(statement)
        lambdas = [p for p in parents if p.kind == self.K.LAMBDA_EXPR]
        if end is None or function is None or lambdas:
            return
        returned = function.result_type.get_canonical().spelling
        text = self.text(value)
        if returned == "int" and text != "0":
            add("success", value, f"({ON} ? 0 : ", value, ")")
        elif EMPTY.match(returned) and not IS_EMPTY.match(text):
            if not returned.replace("const ", "").startswith("tl::expected<") or AN_ERROR.search(text):
                add("success", (statement[0], end), f"{{ if ({ON}) return {{}}; ", (statement[0], end), " }")


def cxx_changes(root, path, arguments, wanted):
    found = CxxChanges(root, path, arguments, wanted)
    return found.changes, found.errors
