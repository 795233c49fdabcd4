"""Two runs or two models side by side: matched where they match, with paired differences."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from negosim.measures import Scope
from negosim.reports._build import facts_of, footer_of, notices_of
from negosim.reports._corpus import Sample, perspective_order
from negosim.reports._model import (
    Figure,
    Name,
    Number,
    Prose,
    Report,
    ReportTable,
    Row,
    Section,
)
from negosim.reports._numbers import count, partnered, share
from negosim.reports._pair import KEYS, Pair, pair_of_models, pair_of_runs
from negosim.reports._plots import Series, dots, legend_of, percent_axis
from negosim.reports._pooling import differing, notice, pooled
from negosim.reports._populations import tactics_compared
from negosim.reports._sentences import counted, intervals, joined
from negosim.reports._style import BLUE, VERMILLION, SeriesStyle
from negosim.reports.sections import _glossary
from negosim.reports.sections import _names as names
from negosim.reports.sections._contrast import (
    ComparedColumn,
    contrast_sentence,
    contrast_table,
    contrasts,
    short,
)
from negosim.reports.sections._primary import Comparison, compared, declaration, outcomes
from negosim.store import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MARKS = (SeriesStyle(BLUE, "o", "", filled=False), SeriesStyle(VERMILLION, "s", "////"))


def comparison_of_runs(a: Run, b: Run, *, scope: Scope = "auto", primary: Sequence[str] = ()) -> Report:
    """Compare two runs: dialogues of equal scenario, condition and index are pairs.

    An imported run and another are two populations, whose dialogues have no partners: they are compared
    as such, whatever their scenarios and conditions.

    `scope` says what intervals are about, as in `negosim.measures.estimate`; `primary` names the primary
    outcomes, where they are not those that the runs declare.

    Raises:
        UserError: they are the same run or have no finished dialogues of the same scenario.

    """
    pair = pair_of_runs(a, b, scope=scope, primary=primary)
    return _report(pair, "populations" if pair.apart else "runs")


def comparison_of_models(
    runs: Sequence[Run], a: str, b: str, *, scope: Scope = "auto", primary: Sequence[str] = ()
) -> Report:
    """Compare two models of some runs.

    Where there are dialogues that each plays alone, whole dialogues are compared; else what each model
    reached as an agent in the dialogues it took part in. `scope` and `primary` are as in
    `comparison_of_runs`.

    Raises:
        UserError: a model has not played, or they have no scenario in common.

    """
    return _report(pair_of_models(runs, a, b, scope=scope, primary=primary), "models")


def _report(pair: Pair, kind: str) -> Report:
    a, b = pair.labels
    differences = {} if kind in ("runs", "populations") else differing(pair.corpus)
    each = tactics_compared(pair.corpus, pair.side, a, b) if pair.apart else _by_scenario(pair)
    sections = [_findings(pair), each, _judgements(pair), _glossary.section(pair.corpus)]
    return Report(
        title=f"Comparison of two {kind}",
        subtitle=f"{a} and {b}",
        created=max(run.header.created for run in pair.corpus.runs),
        footer=footer_of(pair.corpus),
        facts=facts_of(pair.corpus),
        notices=(*notices_of(pair.corpus), *filter(None, [notice(differing(pair.corpus))])),
        sections=tuple(pooled(section, differences) for section in sections if section.blocks),
    )


def _findings(pair: Pair) -> Section:
    """Compare every measure, condition by condition; the primary outcomes first."""
    judged = pair.judged.only(**{pair.side: list(pair.labels)})
    found = outcomes(pair.corpus, pair.measures, pair.both, judged)
    comparisons = [_comparison(pair, name) for name in pair.conditions]
    blocks = [_matching(pair), *declaration(pair.corpus, found)]
    blocks += compared(found, comparisons, *([pair.labels[0]] if len(comparisons) == 1 else []))
    tables = [block for block in blocks if isinstance(block, ReportTable)]
    briefs = [each for each in tables if each.key.startswith(("primary-comparison", "comparison"))]
    rows: list[Row] = []
    for each, table in zip(comparisons * 2, briefs, strict=False):
        said = each.where.partition(", ")[2]
        more = "".join(
            f", {one}" for one in (said, "primary" if table.key.startswith("primary") else "") if one
        )
        rows += [(f"{row[0]}{more}" if more else row[0], *row[1:]) for row in short(table).rows]
    brief = replace(short(briefs[0]), title="What differs", rows=tuple(rows)) if briefs else None
    return Section("comparison", "What differs", tuple(blocks), brief=brief)


def _comparison(pair: Pair, name: str) -> Comparison:
    a, b = pair.labels
    said = f", {names.condition(name)}" if len(pair.conditions) > 1 else ""
    return Comparison(
        f"comparison-{name}" if said else "comparison",
        f"In {b}{said}",
        pair.labels,
        f"{a} against {b}{said}",
        (pair.side, a, b),
        partial(pair.part, condition=name),
    )


def _matching(pair: Pair) -> Prose:
    both, sides = pair.both, [pair.of(label) for label in pair.labels]
    if pair.apart:
        return (
            f"{pair.labels[0]} has ",
            count(sides[0]),
            f" finished dialogues, {pair.labels[1]} ",
            count(sides[1]),
            ". They are two populations: no dialogue has a partner in the other, scenarios and conditions "
            "are taken together, and a difference may be one of scenarios, of instructions or of who speaks. "
            "Intervals are over dialogues.",
        )
    paired = partnered(both, pair.side, KEYS)
    matched = len(both.frame.loc[paired, KEYS].drop_duplicates())
    how = {"statistic": "matched", "columns": KEYS, "between": pair.side}
    said: Prose = (
        f"{pair.labels[0]} has ",
        count(sides[0]),
        f" finished {pair.what}, {pair.labels[1]} ",
        count(sides[1]),
        "; ",
        Number(f"{matched:,}", matched, len(both), both.rows, how=how),
        " combinations of scenario, condition and index occur in both and are compared as pairs.",
    )
    lonely = both.having(both.frame[~paired])
    alone = [lonely.only(**{pair.side: label}) for label in pair.labels]
    if any(map(len, alone)):
        said = (*said, " Without a partner are ", count(alone[0]), f" of {pair.labels[0]} and ")
        said = (*said, count(alone[1]), f" of {pair.labels[1]}.")
    seeds = {run.config.seed for run in pair.corpus.runs}
    if len(seeds) > 1:
        said = (*said, " The runs have different seeds, so pairs share no random choices.")
    return said


def _by_scenario(pair: Pair) -> Section:
    """Compare agreement in every scenario and condition."""
    a, b = pair.labels
    lines = [
        (key, name)
        for key in pair.corpus.scenario_ids
        for name in pair.conditions
        if len(pair.both.only(scenario=key, condition=name))
    ]
    cells = {
        (line, side): share(pair.of(side).only(scenario=line[0], condition=line[1]), "agreed")
        for line in lines
        for side in (a, b)
    }
    rows: list[Row] = [
        (key, names.condition(name), *(cells[(key, name), side] for side in (a, b))) for key, name in lines
    ]
    title, columns = "Agreement by scenario", ("scenario", "condition", a, b)
    data = ReportTable("comparison-scenarios", title, columns, tuple(rows), words=2)
    said: Prose = ("How often there is an agreement in each scenario.",)
    figure = Figure(
        "comparison-scenarios",
        "Agreement by scenario",
        partial(_draw, lines=lines, labels=pair.labels, cells=cells),
        0.85 + 0.26 * len(lines),
        data,
        joined([said, counted(cells.values(), pair.what)], " ") + intervals(cells.values()),
    )
    return Section("scenarios", "Agreement by scenario", (figure,), brief=data)


def _draw(
    canvas: "Canvas",
    *,
    lines: list[tuple[str, str]],
    labels: tuple[str, str],
    cells: dict[Any, Number],
) -> None:
    axes = canvas.subplots()
    series = [
        Series(label, mark, [cells[line, label] for line in lines])
        for label, mark in zip(labels, MARKS, strict=True)
    ]
    several = len({name for _, name in lines}) > 1
    dots(axes, [f"{key}, {names.condition(name)}" if several else key for key, name in lines], series)
    percent_axis(axes)
    axes.set_xlabel("dialogues with an agreement")
    legend_of(canvas, list(zip(labels, MARKS, strict=True)))


def _judgements(pair: Pair) -> Section:
    """Compare every question with yes-or-no or graded answers about both sides by the same judge."""
    a, b = pair.labels
    measured = list(_answered(pair))
    if not measured:
        return Section("judgements", "Judgements", ())
    found = contrasts(measured, pair.side, a, b)
    table = contrast_table("comparison-judgements", f"Answers of judges, {a} against {b}", pair.labels, found)
    blocks = (contrast_sentence(f"In {b}", a, found), table)
    return Section("judgements", "Judgements", blocks, brief=short(table))


def _answered(pair: Pair) -> Iterator[tuple[ComparedColumn, Sample]]:
    import pandas as pd

    usable = pair.judged.only(status="ok", **{pair.side: list(pair.labels)})
    by = ["question", "perspective", "judge", "agent"]
    groups = usable.frame[by].drop_duplicates().astype(object).to_numpy().tolist()
    for question, perspective, judge, agent in sorted(groups, key=_place):
        where = {"question": question, "perspective": perspective, "judge": judge}
        sample = usable.only(**where)
        asked = f"{question} of those decided" if question == "false-claim" else question
        label = Name.joined(asked, names.perspective(perspective), pair.corpus.named(judge))
        if not pd.isna(agent):
            sample = sample.only(agent=agent)
            label = Name.joined(label, f"about {names.agent(int(agent))}")
        for name in pair.conditions:
            part = pair.part(sample, name)
            said = Name.joined(label, names.condition(name)) if len(pair.conditions) > 1 else label
            yield from _compared(part, said, pair.side)


def _compared(sample: Sample, label: Name, side: str) -> Iterator[tuple[ComparedColumn, Sample]]:
    """Yield answers of yes and no or grades that both sides have."""
    kinds = {type(value) for value in sample.frame["value"]}
    if sample.frame[side].nunique() == 2 and kinds <= {bool, int, float}:
        yield ComparedColumn("value", label, None if kinds == {bool} else 2), sample


def _place(group: list[Any]) -> tuple[Any, ...]:
    question, perspective, judge, agent = group
    return str(question), perspective_order(str(perspective)), str(judge), str(agent)
