"""Account of the calls to models, by stage and model, in a table or in lines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import duration, money, one_line, tokens
from negosim.records import StageAccount
from negosim.terminal.listing import aligned

NUMBERS = ("calls", "reused", "in", "cached", "out", "again", "time", "cost")


def add_account(sums: dict[tuple[str, str], StageAccount], rows: Iterable[StageAccount]) -> None:
    """Add an account to sums over roles and dialogues, by stage and model."""
    for row in rows:
        key = row.stage, row.model
        before = sums.get(key, StageAccount(stage=row.stage, role=None, model=row.model, usd=0))
        sums[key] = before.model_copy(
            update={
                "calls": before.calls + row.calls,
                "cached_calls": before.cached_calls + row.cached_calls,
                "tokens_in": before.tokens_in + row.tokens_in,
                "tokens_out": before.tokens_out + row.tokens_out,
                "tokens_cached": before.tokens_cached + row.tokens_cached,
                "again": dict(Counter(before.again) + Counter(row.again)),
                "seconds": before.seconds + row.seconds,
                "usd": None if before.usd is None or row.usd is None else before.usd + row.usd,
            }
        )


def total_usd(rows: Iterable[StageAccount]) -> float | None:
    """Sum what stages cost; None where one of them has no known price."""
    total = 0.0
    for row in rows:
        if row.usd is None:
            return None
        total += row.usd
    return total


def account_table(rows: Iterable[StageAccount]) -> Grid:
    """Return a row for each stage and model: calls, tokens, time, money.

    "reused" are answers from the response cache, "cached" tokens from the server's prefix cache; "again"
    counts answers that were asked for again. The time is that of all calls together, those side by side
    included.
    """
    headings, cells = _cells(rows)
    table = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), collapse_padding=True)
    for heading in headings:
        if heading in NUMBERS:
            # Where there is no room a number is seen to be cut.
            table.add_column(heading, justify="right", no_wrap=True, overflow="ellipsis")
        else:
            table.add_column(heading, overflow="fold")
    for row in cells[:-1]:
        table.add_row(*map(Text, row))
    table.add_section()
    table.add_row(*(Text(cell, "bold") for cell in cells[-1]))
    return table


def account_lines(rows: Iterable[StageAccount]) -> Iterator[str]:
    """Yield the same in aligned lines."""
    headings, cells = _cells(rows)
    yield from aligned(headings, cells, NUMBERS)


def _cells(rows: Iterable[StageAccount]) -> tuple[list[str], list[list[str]]]:
    sums: dict[tuple[str, str], StageAccount] = {}
    add_account(sums, rows)
    parts = list(sums.values())
    table = [["stage", "model", *NUMBERS]]
    table += [[one_line(part.stage), one_line(part.model), *_numbers([part])] for part in parts]
    table += [["total", "", *_numbers(parts)]]
    # Columns that would say the same in every row are left out.
    models, reused = {part.model for part in parts}, any(part.cached_calls for part in parts)
    left_out = {"model"} if len(models) == 1 else set()
    left_out |= set() if any(part.again for part in parts) else {"again"}
    left_out |= set() if reused else {"reused"}
    kept = [[cell for name, cell in zip(table[0], row, strict=True) if name not in left_out] for row in table]
    return kept[0], kept[1:]


def _numbers(parts: Sequence[StageAccount]) -> list[str]:
    usd = total_usd(parts)
    return [
        f"{sum(part.calls for part in parts):,}",
        f"{sum(part.cached_calls for part in parts):,}",
        tokens(sum(part.tokens_in for part in parts)),
        tokens(sum(part.tokens_cached for part in parts)),
        tokens(sum(part.tokens_out for part in parts)),
        f"{sum(sum(part.again.values()) for part in parts):,}",
        duration(sum(part.seconds for part in parts)),
        "unknown" if usd is None else money(usd),
    ]
