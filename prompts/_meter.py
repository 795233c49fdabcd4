"""Steps of a rendering: how many are left, and what a value or an operation is worth."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Number

from jinja2 import Undefined
from jinja2.exceptions import SecurityError, TemplateRuntimeError

STEPS = 5_000_000
"""What one rendering may cost."""
VALUE, OPAQUE = 10, 100
"""What a value counts; what a call counts, and a value that is no text, number or collection: a role."""
LARGEST = 512
"""Bits of the largest whole number."""

_left: ContextVar[list[int]] = ContextVar("steps left to the rendering in progress")


@contextmanager
def metered_rendering() -> Iterator[None]:
    """Count the steps of the rendering inside; without it nothing can be rendered."""
    token = _left.set([STEPS])
    try:
        yield
    finally:
        _left.reset(token)


def spend(steps: int) -> None:
    """Take steps from what is left.

    Raises:
        TemplateRuntimeError: so many are not left.

    """
    left = _left.get()
    left[0] -= max(0, steps)  # `map` can name any filter, this one too: nothing is given back
    if left[0] < 0:
        raise TemplateRuntimeError(
            f"it takes more than {STEPS:,} steps (1 for a character, {VALUE} for a value); write less, or "
            "repeat it less often"
        )


def weigh(value: object, *, as_text: bool = False) -> int:
    """Count the steps that characters and values are worth which something is made of, at any depth.

    Raises:
        TemplateRuntimeError: it is larger than what is left to spend, or a number too large.
        SecurityError: it is to be written as text, and is no text, number or collection of such.

    """
    if type(value) is str:  # most of what templates are given
        return VALUE + len(value)
    total, most, rest = 0, _left.get()[0], [value]
    while rest:
        item = rest.pop()
        total += VALUE
        if isinstance(item, str):
            total += len(item)
        elif item is None or isinstance(item, float):
            pass
        elif isinstance(item, int):
            if item.bit_length() > LARGEST:
                raise TemplateRuntimeError(f"a number has more than {LARGEST} bits")
        elif isinstance(item, range):
            total += len(item)
        elif isinstance(item, list | tuple):
            rest += item
        elif isinstance(item, dict | Mapping):
            rest += [*item.keys(), *item.values()]
        elif isinstance(item, Undefined):
            if as_text:
                str(item)  # says what is undefined
        elif isinstance(item, Collection):
            rest += item
        elif not isinstance(item, Number):
            if as_text:
                raise SecurityError(f"a {type(item).__name__} cannot be written as text; name what of it")
            total += OPAQUE
        if total > most:
            spend(total)
    return total


def growth(value: object, *arguments: object) -> int:
    """Bound the size of what a value becomes by arguments, as `"x" | center(80)` and `"x" * 80` do."""
    return _size(value) * sum(map(_size, arguments), 1)


def _size(value: object) -> int:
    return 1 + (abs(value) if isinstance(value, int) else weigh(value))


def padding(pattern: str, arguments: object) -> int:
    """Bound the size of what `pattern % arguments` gives."""
    widths = sum(map(int, re.findall(r"\d+", pattern)))
    if "*" in pattern:
        widths += sum(abs(item) for item in _several(arguments) if isinstance(item, int))
    return widths + len(pattern) + pattern.count("%") * weigh(arguments, as_text=True)


def _several(arguments: object) -> Iterable[object]:
    return arguments if isinstance(arguments, tuple) else (arguments,)
