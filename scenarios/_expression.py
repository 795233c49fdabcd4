"""Arithmetic over named values, written as text: what a reward is said to be.

Numbers, names with dots, `+ - * /`, comparisons (1 where true, else 0), `a if condition else b`, `abs`,
`min`, `max` and brackets. Text is read into Python's syntax tree and only these forms are let through;
nothing is ever run.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

Operand = float | str
"""A value in an expression; text can only be compared."""

LONGEST = 300
"""Characters an expression may have."""

_ALLOWED = re.compile(r"[A-Za-z0-9_ .+\-*/()<>=!,'\"\n]*")
_NUMBER_AND_WORD = re.compile(r"(?<![A-Za-z0-9_])[0-9][0-9.]*[A-Za-z_]")

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Operand, Operand], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {"abs": abs, "min": min, "max": max}

_KNOWN = "numbers, names, + - * /, comparisons, 'a if b else c', abs, min, max and brackets"


@dataclass(frozen=True)
class Expression:
    """An expression that was read; `names` are the values it needs."""

    text: str
    tree: ast.expr
    names: tuple[str, ...]

    def value(self, values: Mapping[str, Operand]) -> float:
        """Compute the expression.

        Args:
            values: by name, as written in the expression.

        Raises:
            KeyError: a value is missing.
            ValueError: there is no such number: it divides by 0, is too large, or reckons with text.

        """
        try:
            result = _value(self.tree, values)
        except ZeroDivisionError:
            raise ValueError("divides by 0") from None
        except TypeError:
            raise ValueError("reckons with text, which can only be compared by == and !=") from None
        except RecursionError:
            raise ValueError("is nested too deeply; shorten it") from None
        if isinstance(result, str):
            raise ValueError("is text; compare it by == or !=")
        if not math.isfinite(result):
            raise ValueError("is too large a number")
        return float(result)

    def check_use(self, texts: Mapping[str, Collection[str]]) -> None:
        """Check that text is compared, and only with text.

        Args:
            texts: by name, what a value can be that is text and no number.

        Raises:
            ValueError: it never has a value, or a comparison in it is never true; says which.

        """
        if _is_text(self.tree, texts):
            raise ValueError("is text; compare it by == or !=")


@lru_cache(maxsize=256)
def read_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ValueError: it is none; says what is wrong and what would be right.

    Examples:
        >>> from negosim.scenarios import read_expression
        >>> drop = read_expression("before.intensity - after.intensity")
        >>> drop.names
        ('before.intensity', 'after.intensity')
        >>> drop.value({"before.intensity": 5, "after.intensity": 2})
        3.0

    """
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters; use at most {LONGEST}")
    if not _ALLOWED.fullmatch(text):
        raise ValueError(f"has a character that stands for nothing here; use {_KNOWN}")
    if joined := _NUMBER_AND_WORD.search(text):
        raise ValueError(f"{joined[0]!r} is no number; write numbers in digits, like 0.5")
    try:
        tree = ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"cannot be read; use {_KNOWN}") from None
    try:
        names = tuple(dict.fromkeys(_names(tree)))
    except RecursionError:
        raise ValueError("is nested too deeply; shorten it") from None
    return Expression(text, tree, names)


def _names(node: ast.expr) -> Iterator[str]:
    """Yield the names that an expression needs; refuse every form that is not let through."""
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("True and False are no numbers; write 1 and 0")
        case ast.Constant(value=int() | float() | str()):
            return
        case ast.Name() | ast.Attribute():
            yield _name(node)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            yield from _names(operand)
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _ARITHMETIC:
            yield from _names(left)
            yield from _names(right)
        case ast.Compare(left=left, ops=[comparison], comparators=[right]) if (
            type(comparison) in _COMPARISONS
        ):
            yield from _names(left)
            yield from _names(right)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            for part in (body, test, orelse):
                yield from _names(part)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            if not args or (name == "abs") != (len(args) == 1):
                raise ValueError(f"{name} takes {'one value' if name == 'abs' else 'two values or more'}")
            for argument in args:
                yield from _names(argument)
        case _:
            raise ValueError(f"{ast.unparse(node)[:40]!r} is not allowed; use {_KNOWN}")


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_name(value)}.{name}"
        case _:
            raise ValueError(f"{ast.unparse(node)[:40]!r} is no name of a value")


def _value(node: ast.expr, values: Mapping[str, Operand]) -> Operand:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Constant(value=str() as text):
            return text
        case ast.UnaryOp(op=sign, operand=operand):
            inner = _number(operand, values)
            return -inner if isinstance(sign, ast.USub) else inner
        case ast.BinOp(left=left, op=operation, right=right):
            return _ARITHMETIC[type(operation)](_number(left, values), _number(right, values))
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            return float(_COMPARISONS[type(comparison)](_value(left, values), _value(right, values)))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _number(test, values) else orelse, values)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _FUNCTIONS[name](*(_number(argument, values) for argument in args))
    return values[_name(node)]


def _is_text(node: ast.expr, texts: Mapping[str, Collection[str]]) -> bool:
    """Tell whether a part of an expression is text; refuse reckoning with it."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, str)
        case ast.Name() | ast.Attribute():
            return _name(node) in texts
        case ast.IfExp(test=test, body=body, orelse=orelse):
            _no_text(texts, test)
            return any([_is_text(body, texts), _is_text(orelse, texts)])
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            if any([_is_text(left, texts), _is_text(right, texts)]):
                _check_comparison(left, comparison, right, texts)
            return False
    _no_text(texts, *(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)))
    return False


def _no_text(texts: Mapping[str, Collection[str]], *parts: ast.expr) -> None:
    for part in parts:
        if _is_text(part, texts):
            raise ValueError(f"{ast.unparse(part)[:40]!r} is text, which can only be compared by == and !=")


def _check_comparison(
    left: ast.expr, comparison: ast.cmpop, right: ast.expr, texts: Mapping[str, Collection[str]]
) -> None:
    if not isinstance(comparison, ast.Eq | ast.NotEq):
        _no_text(texts, left, right)
    both = (left, right), (right, left)
    for one, other in both:
        if not _is_text(other, texts):
            raise ValueError(f"{ast.unparse(one)[:40]!r} is text and {ast.unparse(other)[:40]!r} is none")
    for one, other in both:
        if isinstance(one, ast.Name | ast.Attribute) and isinstance(other, ast.Constant):
            options = texts[_name(one)]
            if other.value not in options:
                raise ValueError(f"{_name(one)!r} is never {other.value!r}; it is {' or '.join(options)}")


def _number(node: ast.expr, values: Mapping[str, Operand]) -> float:
    value = _value(node, values)
    if isinstance(value, str):
        raise TypeError
    return value
