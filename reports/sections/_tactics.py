"""Tactics: what an agent uses when it is honest, and what the same agent uses when it may lie."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from negosim.records import THIRD_PARTY
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Figure, Missing, Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import bare, distinct, n_of, shares_of
from negosim.reports._plots import Series, dots, legend_of
from negosim.reports._sentences import intervals, joined
from negosim.reports._style import condition_mark, mark_of
from negosim.reports.sections import _names as names
from negosim.reports.sections._tactic_tests import tested

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Tactics"
QUESTION = "tactic"
SHOWN = 46
"""Tactics a figure has room for."""


@dataclass(frozen=True)
class Group:
    """One agent under one condition."""

    agent: int
    condition: str
    role: str
    """What it is allowed: "honest" or "may lie"."""

    @property
    def label(self) -> str:
        """How it is called in tables."""
        return f"{names.agent(self.agent)}, {self.role}"

    @property
    def where(self) -> dict[str, Any]:
        """What selects its rows."""
        return {"agent": self.agent, "condition": self.condition}


Shares = dict[tuple[Group, str], Number]


def section(corpus: Corpus) -> Section:
    """Return the tactics the agents chose, and those a reader saw."""
    blocks: list[Block] = []
    used, groups = corpus.tactics, groups_of(corpus)
    brief = None
    if len(used):
        shares = _shares(used, groups, "tactic", "count")
        brief = _top("tactics-top", "Top three tactics, as chosen by the agents", shares, groups)
        blocks += [_lead(used, shares, groups), brief, *tested(corpus), _figure(shares, groups)]
    else:
        blocks.append(Missing("The agents recorded no tactics, so only those a judge saw can be shown."))
    judges = corpus.judges_of(QUESTION)
    for number, judge in enumerate(judges, 1):
        seen = _shares(corpus.answers(QUESTION, judge, THIRD_PARTY), groups, "value")
        suffix = f"-{number}" if len(judges) > 1 else ""
        title = f"Top three tactics, as seen by {corpus.named(judge)}"
        blocks.append(_top(f"tactics-seen{suffix}", title, seen, groups, judge))
        brief = brief or _top(f"tactics-seen{suffix}", title, seen, groups, judge)
    if not judges:
        said = "No judge has named the most prominent tactic of the utterances."
        command = _commands.ask_model(corpus, "tactic")
        blocks.append(Missing(said, command))
    return Section("tactics", TITLE, tuple(blocks), brief=brief and _brief(brief))


def groups_of(corpus: Corpus) -> list[Group]:
    """Return whose tactics are set beside each other: an agent that may lie, and the same agent honest.

    Where nobody may lie, every agent.
    """
    found: list[Group] = []
    for name in corpus.conditions:
        for agent in liars(name):
            if "honest" in corpus.conditions:
                found.append(Group(agent, "honest", "honest"))
            role = "may lie" if name == f"deceptive-{agent + 1}" else f"where {names.condition(name)}"
            found.append(Group(agent, name, role))
    if not found:
        found = [Group(agent, name, name) for name in corpus.conditions for agent in range(corpus.agents)]
    return list(dict.fromkeys(found))


def liars(condition: str) -> list[int]:
    """Return the agents that may lie under a condition."""
    return [int(number) - 1 for number in condition.removeprefix("deceptive-").split("-") if number.isdigit()]


def _shares(used: Sample, groups: list[Group], column: str, weight: str | None = None) -> Shares:
    """Return each group's share of utterances with each tactic; `weight` names how many a row is about."""
    return {
        (group, tactic): number
        for group in groups
        for tactic, number in shares_of(used.only(**group.where), column, weight=weight).items()
    }


def _ranked(shares: Shares, group: Group) -> list[tuple[str, Number]]:
    own = [(tactic, number) for (of, tactic), number in shares.items() if of == group]
    return sorted((pair for pair in own if pair[1].value), key=lambda pair: (-(pair[1].value or 0), pair[0]))


def _top(key: str, title: str, shares: Shares, groups: list[Group], judge: str | None = None) -> ReportTable:
    rows: list[Row] = []
    for group in groups:
        for place, (tactic, number) in enumerate(_ranked(shares, group)[:3]):
            rank = ("first", "second", "third")[place]
            rows.append((group.label, rank, tactic, n_of(number), number))
    return ReportTable(
        key,
        title,
        ("speaker", "rank", "tactic", "n", "share of utterances"),
        tuple(rows),
        words=3,
        bars="share of utterances",
        caption=("Share of the speaker's utterances; n counts them.",),
        about=(("judge", judge),) if judge else (),
    )


def _brief(table: ReportTable) -> ReportTable:
    """Return the table without ranks and n, for a narrow terminal."""
    rows = tuple((row[0], row[2], row[4]) for row in table.rows)
    speaker, _, tactic, _, shares = table.columns
    return replace(table, columns=(speaker, tactic, shares), rows=rows, words=2)


def _lead(used: Sample, shares: Shares, groups: list[Group]) -> Prose:
    parts: list[Prose] = [("The agents chose ", distinct(used, "tactic"), " different tactics.")]
    for group in groups:
        if ranked := _ranked(shares, group):
            tactic, number = ranked[0]
            said = f" {group.label.capitalize()}: most often {tactic} ("
            parts.append((said, bare(number), " of utterances)."))
    return joined(parts, "")


def _figure(shares: Shares, groups: list[Group]) -> Figure:
    order = sorted({tactic for _, tactic in shares}, key=lambda tactic: (-_total(shares, tactic), tactic))
    shown = order[:SHOWN]
    rows = tuple((tactic, *(shares.get((group, tactic), "") for group in groups)) for tactic in order)
    data = ReportTable(
        "tactics", "Share of utterances by tactic", ("tactic", *(g.label for g in groups)), rows
    )
    said: Prose = (
        "How often each tactic was chosen, most frequent first; share of all of a speaker's utterances, "
        "those with tactics that only an agent that may lie can choose among them.",
    )
    if len(shown) < len(order):
        said = (*said, " Only the most frequent are drawn; the table has them all.")
    for group in groups:
        if numbers := [number for (own, _), number in shares.items() if own == group]:
            said = (*said, f" {group.label.capitalize()}: n = ", n_of(numbers[0]), " utterances.")
    return Figure(
        "tactics",
        "All tactics",
        partial(_draw, shares=shares, order=shown, groups=groups),
        0.75 + 0.165 * len(shown),
        data,
        said + intervals(shares.values()),
    )


def _total(shares: Shares, tactic: str) -> float:
    return sum(number.value or 0 for (_, own), number in shares.items() if own == tactic)


def _draw(canvas: "Canvas", *, shares: Shares, order: list[str], groups: list[Group]) -> None:
    axes = canvas.subplots()
    alone = len({group.condition for group in groups}) == len(groups)
    marks = {g: condition_mark(g.condition, i) if alone else mark_of(i) for i, g in enumerate(groups)}
    series = [Series(g.label, marks[g], [shares.get((g, tactic)) for tactic in order]) for g in groups]
    dots(axes, order, series)
    axes.set_xlim(left=-0.001)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("share of utterances")
    legend_of(canvas, [(group.label, marks[group]) for group in groups])
