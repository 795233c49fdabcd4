"""Tactics: what honest agents and agents that may lie use, top three and all."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from negosim.records import THIRD_PARTY
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Figure, Missing, Number, Prose, Row, Section, Table
from negosim.reports._numbers import bare, distinct, n_of, shares_of
from negosim.reports._plots import Series, dots, legend_of
from negosim.reports._sentences import intervals, joined
from negosim.reports._style import BLUE, VERMILLION, Mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Tactics"
QUESTION = "tactic"
GROUPS = {False: "honest agents", True: "agents that may lie"}
MARKS = {False: Mark(BLUE, "o", "", filled=False), True: Mark(VERMILLION, "s", "////")}
SHOWN = 46
"""Tactics a figure has room for."""

Shares = dict[tuple[bool, str], Number]


def section(corpus: Corpus) -> Section:
    """Return the tactics the agents chose, and those a reader saw."""
    blocks: list[Block] = []
    used = corpus.tactics
    brief = None
    if len(used):
        shares = _shares(used, "tactic", "count")
        blocks += [_lead(used, shares), _figure(used, shares)]
        brief = _top("tactics-top", "Top three tactics, as chosen by the agents", shares)
        blocks.insert(1, brief)
    else:
        blocks.append(Missing("The agents recorded no tactics, so only those a judge saw can be shown."))
    judges = corpus.judges_of(QUESTION)
    for number, judge in enumerate(judges, 1):
        seen = _shares(corpus.answers(QUESTION, judge, THIRD_PARTY), "value")
        suffix = f"-{number}" if len(judges) > 1 else ""
        title = f"Top three tactics, as seen by {corpus.named(judge)}"
        blocks.append(_top(f"tactics-seen{suffix}", title, seen, judge))
        brief = brief or _top(f"tactics-seen{suffix}", title, seen, judge)
    if not judges:
        said = "No judge has named the most prominent tactic of the utterances."
        command = _commands.ask_model(corpus, "tactic")
        blocks.append(Missing(said, command))
    return Section("tactics", TITLE, tuple(blocks), brief=brief and _brief(brief))


def _shares(used: Sample, column: str, weight: str | None = None) -> Shares:
    """Return each group's share of utterances with each tactic; `weight` names how many a row is about."""
    return {
        (deceptive, tactic): number
        for deceptive in GROUPS
        for tactic, number in shares_of(used.only(deceptive=deceptive), column, weight=weight).items()
    }


def _ranked(shares: Shares, deceptive: bool) -> list[tuple[str, Number]]:
    own = [(tactic, number) for (group, tactic), number in shares.items() if group == deceptive]
    return sorted((pair for pair in own if pair[1].value), key=lambda pair: (-(pair[1].value or 0), pair[0]))


def _top(key: str, title: str, shares: Shares, judge: str | None = None) -> Table:
    rows: list[Row] = []
    for deceptive, group in GROUPS.items():
        for place, (tactic, number) in enumerate(_ranked(shares, deceptive)[:3], 1):
            rows.append((group, f"{['first', 'second', 'third'][place - 1]}", tactic, number))
    return Table(
        key,
        title,
        ("speaker", "rank", "tactic", "share of utterances"),
        tuple(rows),
        words=3,
        bars="share of utterances",
        caption=("Share of the group's utterances.",),
        about=(("judge", judge),) if judge else (),
    )


def _brief(table: Table) -> Table:
    """Return the table without ranks, for a narrow terminal."""
    rows = tuple((row[0], *row[2:]) for row in table.rows)
    return replace(table, columns=(table.columns[0], *table.columns[2:]), rows=rows, words=2)


def _lead(used: Sample, shares: Shares) -> Prose:
    parts: list[Prose] = [("The agents chose ", distinct(used, "tactic"), " different tactics.")]
    for deceptive, group in GROUPS.items():
        ranked = _ranked(shares, deceptive)
        if ranked:
            tactic, number = ranked[0]
            parts.append(
                (f" {group.capitalize()} most often use {tactic} (", bare(number), " of utterances).")
            )
    widest = _widest(shares)
    if widest:
        tactic, honest, lying = widest
        said = f" Of what both use, the shares differ most for {tactic}: "
        parts.append((said, bare(honest), " by honest agents, ", bare(lying), " by those that may lie."))
    return joined(parts, "")


def _widest(shares: Shares) -> tuple[str, Number, Number] | None:
    pairs = [
        (tactic, shares[False, tactic], number)
        for (group, tactic), number in shares.items()
        if group and (False, tactic) in shares
    ]
    return max(pairs, key=lambda pair: abs((pair[1].value or 0) - (pair[2].value or 0)), default=None)


def _figure(used: Sample, shares: Shares) -> Figure:
    order = sorted({tactic for _, tactic in shares}, key=lambda tactic: (-_total(shares, tactic), tactic))
    shown = order[:SHOWN]
    rows = tuple((tactic, *(shares.get((group, tactic), "") for group in GROUPS)) for tactic in order)
    data = Table("tactics", "Share of utterances by tactic", ("tactic", *GROUPS.values()), rows)
    said: Prose = ("How often each tactic was chosen, most frequent first; share of a group's utterances.",)
    if len(shown) < len(order):
        said = (*said, " Only the most frequent are drawn; the table has them all.")
    for group in GROUPS:
        numbers = [number for (own, _), number in shares.items() if own == group]
        if numbers:
            said = (*said, f" {GROUPS[group].capitalize()}: n = ", n_of(numbers[0]), " utterances.")
    return Figure(
        "tactics",
        "All tactics",
        partial(_draw, shares=shares, order=shown),
        0.75 + 0.165 * len(shown),
        data,
        said + intervals(shares.values()),
    )


def _total(shares: Shares, tactic: str) -> float:
    return sum((shares[group, tactic].value or 0) for group in GROUPS if (group, tactic) in shares)


def _draw(canvas: "Canvas", *, shares: Shares, order: list[str]) -> None:
    axes = canvas.subplots()
    groups = [group for group in GROUPS if any(own == group for own, _ in shares)]
    series = [Series(GROUPS[g], MARKS[g], [shares.get((g, tactic)) for tactic in order]) for g in groups]
    dots(axes, order, series)
    axes.set_xlim(left=-0.001)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("share of utterances")
    legend_of(canvas, [(GROUPS[group], MARKS[group]) for group in groups])
