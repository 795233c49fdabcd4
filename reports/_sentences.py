"""Sentences made from numbers: what one sees, and nothing that is not there."""

from collections.abc import Iterable, Sequence

from negosim.reports._model import Cell, Number, Prose
from negosim.reports._numbers import bare, n_of


def counted(numbers: Iterable[Number | None], noun: str, each: str = "point") -> Prose:
    """Say how many rows stand behind each point: "n = 20 dialogues a point." or a span."""
    known = sorted((number for number in numbers if number is not None and number.n), key=_rows_behind)
    if not known:
        return ("No data.",)
    least, most = n_of(known[0]), n_of(known[-1])
    if known[0].n == known[-1].n:
        return ("n = ", least, f" {noun} a {each}.")
    return ("n = ", least, " to ", most, f" {noun} a {each}.")


def _rows_behind(number: Number) -> int:
    return number.n


def extremes(labelled: Sequence[tuple[str, Number]], most: str, least: str) -> Prose:
    """Name the highest and the lowest: "Most often in viatex (95 %), least in west-wind (60 %)."."""
    known = [(label, number) for label, number in labelled if number.value is not None]
    if len(known) < 2:
        return ()
    high = max(known, key=_value)
    low = min(known, key=_value)
    if high[1].value == low[1].value:
        return (" All are equal at ", bare(high[1]), ".")
    return (f" {most} {high[0]} (", bare(high[1]), f"), {least} {low[0]} (", bare(low[1]), ").")


def _value(pair: tuple[str, Number]) -> float:
    return pair[1].value or 0.0


def intervals(numbers: Iterable[Number | None]) -> Prose:
    """Say what the intervals are, and that some are wanting where they are."""
    known = [number for number in numbers if number is not None and number.value is not None]
    with_interval = [number for number in known if number.low is not None]
    if not with_interval:
        return (" There is not enough data for intervals.",) if known else ()
    said = " Bars are 95 % intervals"
    if len(with_interval) < len(known):
        return (f"{said}; where there is none there is not enough data.",)
    return (f"{said}.",)


def listing(items: Sequence[str]) -> str:
    """Join words: "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def joined(parts: Iterable[Prose], between: str = " ") -> Prose:
    """Put paragraphs behind one another."""
    found: list[Cell] = []
    for part in parts:
        if part:
            found += [between, *part] if found else part
    return tuple(found)
