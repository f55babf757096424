"""Small wrong changes of a module, one at a time: what a test suite is worth shows in how many of them it notices.

A mutant is a change of the syntax tree: a comparison, a boolean or an arithmetic operator is another one, a number is one more
or less, a condition is turned round or loses a part, a statement is left out, a function returns nothing, a query loses a
condition or its order, an entry of a table names another group. What is no behaviour is left alone: docstrings,
annotations, decorators, imports, assertions, types.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
#: Built-in functions that are easily taken for one another.
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Longest change that is shown whole, in letters, and how much is shown around the changed piece of a longer one.
LONG, AROUND = 90, 25
#: Types are no behaviour.
TYPES = frozenset({"Literal", "Sequence", "Mapping", "Iterable", "Iterator", "Callable"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes
    ----------
    within : qualified name of the function or class, or `module`
    line : where it stands; moves with the text and is therefore no part of the name
    before, after : the changed piece, as source
    number : tells equal changes of one function apart, from 1
    place, slot, index : the node's parent, and where in it the node stands
    replacement : what stands there instead
    """

    within: str
    line: int
    before: str
    after: str
    number: int
    place: ast.AST = field(repr=False)
    slot: str = field(repr=False)
    index: int | None = field(repr=False)
    replacement: ast.AST = field(repr=False)

    @property
    def name(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.within}: {self.before} → {self.after}{again}"

    def apply(self) -> None:
        """Change the tree it was made from; there is no way back."""
        if self.index is None:
            setattr(self.place, self.slot, self.replacement)
        else:
            getattr(self.place, self.slot)[self.index] = self.replacement
        ast.fix_missing_locations(ast.copy_location(self.replacement, self.place))


def mutants_of(tree: ast.Module) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    seen: dict[tuple[str, str, str], int] = {}
    found = []
    for within, place, name, index, node in _sites(tree, ()):
        for replacement in _replacements(node, place):
            before, after = _shown(node, replacement)
            key = (within, before, after)
            seen[key] = seen.get(key, 0) + 1
            found.append(
                Mutant(within, getattr(node, "lineno", 0), before, after, seen[key], place, name, index, replacement)
            )
    return found


def _shown(node: ast.AST, replacement: ast.AST) -> tuple[str, str]:
    """Both as source; of long ones the piece that differs, with a little of what stands around it."""
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        word = "while" if isinstance(node, ast.While) else "if"
        before = f"{word} {ast.unparse(node.test)}"
        after = f"{word} not ({ast.unparse(node.test)})"
    else:
        before, after = (" ".join(ast.unparse(n).split()) for n in (node, replacement))
    if max(len(before), len(after)) <= LONG:
        return before, after
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    return _piece(before, start, end), _piece(after, start, end)


def _alike(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginning."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)


def _piece(text: str, start: int, end: int) -> str:
    """The middle of a text that is unlike in two, cut down to what can be read."""
    first, last = max(0, start - AROUND), len(text) - max(0, end - AROUND)
    piece = text[first:last]
    if len(piece) > LONG:
        piece = f"{piece[: LONG // 2]} … {piece[-LONG // 3 :]}"
    return f"{'… ' if first else ''}{piece}{' …' if last < len(text) else ''}"


# --- where ---


def _sites(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[str, ast.AST, str, int | None, ast.AST]]:
    """Every node that is behaviour, with its parent and its place in it."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        entries: Sequence[tuple[int | None, Any]] = (
            list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        )
        for index, child in entries:
            if not isinstance(child, ast.AST) or _is_no_behaviour(child, node, name, index):
                continue
            inner = _inner(path, node, name, index, child)
            yield ".".join(inner) or "module", node, name, index, child
            yield from _sites(child, inner)


def _inner(path: tuple[str, ...], node: ast.AST, name: str, index: int | None, child: ast.AST) -> tuple[str, ...]:
    """The path that leads into a node: functions, classes, and entries of tables by their key."""
    if isinstance(child, ast.FunctionDef | ast.ClassDef):
        return (*path, child.name)
    if isinstance(node, ast.Dict) and name == "values" and index is not None:
        key = node.keys[index]
        return (*path, f"[{ast.unparse(key) if key else '**'}]")
    return path


def _is_no_behaviour(node: ast.AST, place: ast.AST, name: str, index: int | None) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert | ast.JoinedStr):
        return True
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in TYPES:
        return True
    is_first = name == "body" and index == 0 and isinstance(place, ast.Module | ast.ClassDef | ast.FunctionDef)
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_first and is_text


# --- what ---


def _replacements(node: ast.AST, place: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield _with(node, "ops", [*ops[:at], other(), *ops[at + 1 :]])
        case ast.BoolOp(op=op, values=values):
            yield _with(node, "op", ast.Or() if isinstance(op, ast.And) else ast.And())
            for at in range(len(values)):
                yield _less(node, "values", at) if len(values) > 2 else copy.deepcopy(values[1 - at])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield copy.deepcopy(operand)
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            yield _with(node, "op", ARITHMETIC[type(op)]())
        case ast.AugAssign(op=op):
            yield ast.Pass()
            if type(op) in ARITHMETIC:
                yield _with(node, "op", ARITHMETIC[type(op)]())
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in _other_values(value))
        case ast.If() | ast.IfExp() | ast.While():
            yield _with(node, "test", ast.UnaryOp(ast.Not(), copy.deepcopy(node.test)))
        case ast.comprehension(ifs=ifs):
            for at in range(len(ifs)):
                yield _less(node, "ifs", at)
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() | ast.Tuple()]):
            yield ast.Pass()
        case ast.Call():
            yield from _other_calls(node)
        case ast.Name() if isinstance(place, ast.Dict):
            yield from _other_groups(node, place)


def _other_values(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        yield value - 1
    elif isinstance(value, str) and value:
        yield f"{value}x"


def _other_calls(call: ast.Call) -> Iterator[ast.AST]:
    match call.func:
        case ast.Name(id=name) if name in TWINS:
            yield _with(call, "func", ast.Name(TWINS[name], ast.Load()))
        case ast.Name(id="sorted") if call.keywords:
            yield _with(call, "keywords", [k for k in call.keywords if k.arg != "key"])
        case ast.Attribute(attr="where"):
            for at in range(len(call.args)):
                yield _less(call, "args", at)
        case ast.Attribute(attr="order_by" | "desc" | "values" | "limit", value=inner) if _is_query(inner):
            yield copy.deepcopy(inner)


def _is_query(node: ast.AST) -> bool:
    """Whether a chain of calls begins with a query or a column of a model, as far as the eye can tell."""
    return any(isinstance(n, ast.Name) and n.id in ("select", "models", "update", "delete") for n in ast.walk(node))


def _other_groups(name: ast.Name, table: ast.Dict) -> Iterator[ast.AST]:
    """The other groups that entries of the same table name."""
    groups = {v.id for v in table.values if isinstance(v, ast.Name) and v.id.isupper()}
    if name.id in groups:
        yield from (ast.Name(other, ast.Load()) for other in sorted(groups - {name.id}))


def _with(node: ast.AST, name: str, value: Any) -> ast.AST:
    """A copy of a node with another value in one field."""
    changed = copy.copy(node)
    setattr(changed, name, value)
    return changed


def _less(node: ast.AST, name: str, at: int) -> ast.AST:
    """A copy of a node without one entry of a list."""
    entries = getattr(node, name)
    return _with(node, name, [*entries[:at], *entries[at + 1 :]])
