"""Arithmetic over named values, written as text: what a reward is said to be.

Numbers, names with dots, `+ - * /`, comparisons (1 where true, else 0), `a if condition else b`, `abs`,
`min`, `max` and brackets. Text is read into Python's syntax tree and only these forms are let through;
nothing is ever run.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
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


def _number(node: ast.expr, values: Mapping[str, Operand]) -> float:
    value = _value(node, values)
    if isinstance(value, str):
        raise TypeError
    return value
