"""Summary of many dialogues: the line under a progress bar and the table at the end."""

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import money, one_line, plural, tokens
from negosim.terminal.account import account_lines, account_table
from negosim.terminal.tally import Cell, Count, Tally


def progress_line(count: Count) -> str:
    """Say what the dialogues done so far came to."""
    nothing_to_settle = count.inapplicable and count.inapplicable == count.finished
    parts = [] if nothing_to_settle else [f"{count.agreed:,} agreed"]
    parts += [f"{count.failed:,} failed"]
    if count.calls:
        parts += [f"{tokens(count.tokens)} tokens", money(count.usd)]
    return " · ".join(parts)


def summary_view(tally: Tally) -> RenderableType:
    """Return what dialogues came to and, where models were called, what that used."""
    parts: list[RenderableType] = [_table(tally)]
    if tally.account:
        parts += [Text(""), account_table(tally.account.values())]
    return Group(*parts)


def _table(tally: Tally) -> Grid:
    """Return a row for each scenario, condition and, where they differ, models."""
    table = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    several = _several_models(tally)
    table.add_column("scenario", overflow="fold")
    table.add_column("condition", overflow="fold")
    if several:
        table.add_column("models", overflow="fold")
    for name in ("done", "failed", "agreed", "mean joint", "mean turns"):
        table.add_column(name, justify="right")
    for cell, count in tally.cells.items():
        table.add_row(*(Text(text) for text in _row(cell, count, several)))
    if len(tally.cells) > 1:
        table.add_section()
        total = ("all", "", ("",))
        table.add_row(*(Text(text, "bold") for text in _row(total, tally.total, several, joint=False)))
    return table


def summary_lines(tally: Tally) -> Iterator[str]:
    """Yield the same in lines."""
    several = _several_models(tally)
    for cell, count in tally.cells.items():
        scenario, condition, *rest = _row(cell, count, several)
        failed, agreed, joint, turns = rest[-4:]
        models = f" {rest[0]}" if several else ""
        deals = "" if agreed == "-" else f"{agreed} agreed, mean joint value {joint}, "
        yield (
            f"{scenario} {condition}{models}: {plural(count.done, 'dialogue')}, {failed} failed, "
            f"{deals}mean utterances {turns}"
        )
    if tally.account:
        yield from account_lines(tally.account.values())
    yield f"all: {plural(tally.total.done, 'dialogue')} · {progress_line(tally.total)}"


def _several_models(tally: Tally) -> bool:
    return len({models for _, _, models in tally.cells}) > 1


def _row(cell: Cell, count: Count, several: bool, *, joint: bool = True) -> list[str]:
    scenario, condition, models = cell
    mean_joint = f"{count.mean_joint:,.1f}" if joint and count.mean_joint is not None else "-"
    turns = "-" if count.mean_turns is None else f"{count.mean_turns:.1f}"
    settling = count.finished - count.inapplicable
    share = f"{count.agreed:,}" + (f" ({count.agreed / settling:.0%})" if settling else "")
    if count.inapplicable and not settling:
        share = "-"
    names = [one_line(" + ".join(models))] if several else []
    numbers = (f"{count.done:,}", f"{count.failed:,}", share, mean_joint, turns)
    return [one_line(scenario), condition, *names, *numbers]
