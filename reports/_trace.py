"""Trace of a report: the stored rows behind every number."""

from collections.abc import Iterator
from typing import Any

import orjson

from negosim.reports._model import Figure, Number, Report, ReportTable, Rows


def numbers(report: Report) -> Iterator[tuple[dict[str, str], Number]]:
    """Yield every number of a report with its place: section, item, row and column."""
    yield from _of_table({"section": "title page"}, report.facts)
    for notice in report.notices:
        yield from _of_prose({"section": "title page", "item": "notice"}, notice)
    for section in report.sections:
        place = {"section": section.title}
        for number, block in enumerate(section.blocks, 1):
            if isinstance(block, tuple):
                yield from _of_prose({**place, "item": f"paragraph {number}"}, block)
            elif isinstance(block, ReportTable):
                yield from _of_table(place, block)
                yield from _of_prose({**place, "item": f"caption of {block.key}"}, block.caption)
            elif isinstance(block, Figure):
                yield from _of_table(place, block.data, block.key)
                yield from _of_prose({**place, "item": f"caption of {block.key}"}, block.caption)


def trace(report: Report) -> Iterator[bytes]:
    """Yield a JSON line for every number, and one for every set of stored rows numbers came from.

    A set has the file the rows are in, the selection, and the ids of the dialogues; it stands before
    the first number that names it, so that a set many numbers share is written once.
    """
    sets: dict[Any, int] = {}
    for place, number in numbers(report):
        key = _identity(number.rows)
        if key not in sets:
            sets[key] = len(sets) + 1
            yield _line({"kind": "rows", "rows": sets[key], **_described(number.rows)})
        told = {name: getattr(number, name) for name in ("shown", "value", "low", "high", "n", "note")}
        if number.how.get("statistic") == "share" and number.value is not None:
            told |= {"numerator": _whole(number.value * number.n), "denominator": number.n}
        yield _line({"kind": "number", **place, **told, "how": dict(number.how), "rows": sets[key]})


def _of_table(place: dict[str, str], table: ReportTable, item: str | None = None) -> Iterator[Any]:
    for row, column, number in table.numbers():
        yield {**place, "item": item or table.key, **dict(table.about), "row": row, "column": column}, number


def _of_prose(place: dict[str, str], prose: tuple[Any, ...]) -> Iterator[Any]:
    for piece in prose:
        if isinstance(piece, Number):
            yield place, piece


def _whole(value: float) -> float:
    """Return a count without what computing with fractions leaves of it."""
    return round(value) if abs(value - round(value)) < 1e-6 else value


def _described(rows: Rows) -> dict[str, Any]:
    return {
        "file": rows.source,
        "table": rows.table,
        "where": dict(rows.where),
        "dialogues": list(rows.dialogues),
    }


def _identity(rows: Rows) -> tuple[Any, ...]:
    return rows.source, rows.table, repr(sorted(rows.where.items())), rows.dialogues


def _line(content: dict[str, Any]) -> bytes:
    option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(content, option=option)
