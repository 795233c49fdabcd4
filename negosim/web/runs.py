"""Rows of the table of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from negosim._text import money, one_line
from negosim.web.run_folders import Shelf


@dataclass(frozen=True)
class RunRow:
    """What the table says of a run."""

    key: str
    created: str
    scenarios: str
    models: str
    conditions: str
    stored: int
    planned: int
    agreed: float | None
    """Share of agreements among the dialogues that had something to settle and settled it or not."""
    failed: int
    usd: float | None
    money: str
    sheets: int
    reading: bool
    """Whether the run has not been read to its end, so that the numbers are of a part."""

    @property
    def text(self) -> str:
        """Return what a search looks through."""
        return " ".join((self.key, self.scenarios, self.models, self.conditions)).casefold()


SORTS = ("key", "created", "scenarios", "models", "conditions", "stored", "agreed", "failed", "usd", "sheets")


def run_rows(shelves: Sequence[Shelf], until: float, *, private: bool) -> list[RunRow]:
    """Return a row a run.

    Args:
        shelves: the runs.
        until: when carrying indexes on must end, by `time.monotonic`.
        private: whether what only those know who see everything is told: conditions, money.

    """
    return [_row(shelf, until, private=private) for shelf in shelves]


def _row(shelf: Shelf, until: float, *, private: bool) -> RunRow:
    run = shelf.run
    done = shelf.index.refresh(max(0.0, until - monotonic()))
    sums = shelf.index.sums()
    usd = None if sums["unpriced"] else sums["usd"]
    conditions = ", ".join(condition.name for condition in run.config.conditions)
    return RunRow(
        key=shelf.key,
        created=run.header.created[:16].replace("T", " "),
        scenarios=", ".join(run.header.scenarios),
        models=" + ".join(one_line(model) for model in run.config.models),
        conditions=conditions if private else "",
        stored=sums["stored"],
        planned=run.header.planned,
        agreed=sums["agreed"] / sums["settled"] if sums["settled"] else None,
        failed=sums["failed"],
        usd=usd if private else None,
        money=money(usd) if private else "",
        sheets=sums["sheets"] if private else 0,
        reading=not done,
    )


def sorted_rows(rows: Sequence[RunRow], search: str, sort: str, *, down: bool) -> list[RunRow]:
    """Return the rows that have every word of a search, sorted; what is not known comes last."""
    words = search.casefold().split()
    found = [row for row in rows if all(word in row.text for word in words)]
    if sort not in SORTS:
        return found
    known = [row for row in found if getattr(row, sort) is not None]
    rest = [row for row in found if getattr(row, sort) is None]

    def value(row: RunRow) -> Any:
        return getattr(row, sort)

    return sorted(known, key=value, reverse=down) + rest
