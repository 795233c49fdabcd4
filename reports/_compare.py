"""Two runs or two models side by side: matched where they match, with paired differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from negosim.errors import UserError
from negosim.measures import Scope
from negosim.plugins import suggest
from negosim.reports._build import facts_of, footer_of, notices_of
from negosim.reports._corpus import Corpus, Sample, perspective_order
from negosim.reports._model import (
    DIALOGUES,
    Block,
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
from negosim.reports._plots import Series, dots, legend_of, percent_axis
from negosim.reports._pooling import differing, notice, pooled
from negosim.reports._populations import POOLED, of_populations, one_population, tactics_compared
from negosim.reports._sentences import counted, intervals, joined
from negosim.reports._style import BLUE, VERMILLION, SeriesStyle
from negosim.reports.sections import _glossary
from negosim.reports.sections import _names as names
from negosim.reports.sections._contrast import ComparedColumn, contrast_sentence, contrast_table, contrasts
from negosim.reports.sections._summary import measures
from negosim.store import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

MARKS = (SeriesStyle(BLUE, "o", "", filled=False), SeriesStyle(VERMILLION, "s", "////"))
RUN, MODEL = "run", "model"
KEYS = ["scenario", "condition", "index"]


OF_AN_AGENT = (
    ComparedColumn("gain", "gain", 2),
    ComparedColumn("agreed", "agreement"),
    ComparedColumn("opening", "own share of the first offer", 2),
)


@dataclass(frozen=True)
class Pair:
    """What is compared: rows that belong to one side or the other."""

    labels: tuple[str, str]
    side: str
    """The column that says which of the two a row belongs to: its run, or its model."""
    corpus: Corpus
    rows: Sample
    """One row a finished dialogue, or one a dialogue and agent."""
    judged: Sample
    measures: list[ComparedColumn]
    what: str
    """What a row is: "dialogues", "parts played"."""
    apart: bool = False
    """Whether they are two populations, people's dialogues and others: none has a partner."""

    def part(self, sample: Sample, condition: str) -> Sample:
        """Return the rows of a condition; of two populations, all."""
        return sample if self.apart else sample.only(condition=condition)

    def of(self, label: str) -> Sample:
        """Return the rows of one side."""
        return self.rows.only(**{self.side: label})

    @property
    def conditions(self) -> list[str]:
        """The conditions that occur; of two populations they are taken together."""
        if self.apart:
            return [POOLED]
        return [name for name in self.corpus.conditions if len(self.both.only(condition=name))]

    @property
    def both(self) -> Sample:
        """The rows of both sides."""
        return self.rows.only(**{self.side: list(self.labels)})


def comparison_of_runs(a: Run, b: Run, *, scope: Scope = "auto") -> Report:
    """Compare two runs: dialogues of equal scenario, condition and index are pairs.

    An imported run and another are two populations, whose dialogues have no partners: they are compared
    as such, whatever their scenarios and conditions.

    `scope` says what intervals are about, as in `negosim.measures.estimate`.

    Raises:
        UserError: they are the same run or have no finished dialogues of the same scenario.

    """
    apart = any(run.header.imported is not None for run in (a, b))
    corpus = Corpus([a, b], by_index=not apart, scope=scope)
    labels = (corpus.names[0], corpus.names[1])
    if apart:
        rows, judged = one_population(corpus.complete), one_population(corpus.judged)
        compared = (*measures(corpus), *of_populations(corpus))
        pair = Pair(labels, RUN, corpus, rows, judged, list(compared), "dialogues", apart=True)
        return _report(pair, "populations")
    pair = Pair(labels, RUN, corpus, corpus.complete, corpus.judged, measures(corpus), "dialogues")
    _check_scenarios(pair)
    return _report(pair, "runs")


def comparison_of_models(runs: Sequence[Run], a: str, b: str, *, scope: Scope = "auto") -> Report:
    """Compare two models of some runs.

    Where there are dialogues that each plays alone, whole dialogues are compared; else what each model
    reached as an agent in the dialogues it took part in. `scope` is as in `negosim.measures.estimate`.

    Raises:
        UserError: a model has not played, or they have no scenario in common.

    """
    corpus = Corpus(runs, by_index=True, scope=scope)
    played = sorted({model for run in runs for model in run.config.models})
    for model in (a, b):
        if model not in played:
            hint = suggest(model, played)
            raise UserError(f"--compare: model {model!r} has not played in these runs; {hint}")
    if a == b:
        raise UserError(f"--compare: {a!r} is given twice; name two runs or two models")
    alone = _alone(corpus)
    if {a, b} <= set(alone):
        rows = corpus.complete.having(corpus.complete.frame.assign(**{MODEL: alone}))
        by_dialogue = dict(zip(rows.frame["id"], alone, strict=True))
        judged = corpus.judged.frame.assign(**{MODEL: corpus.judged.frame["dialogue"].map(by_dialogue)})
        pair = Pair((a, b), MODEL, corpus, rows, corpus.judged.having(judged), measures(corpus), "dialogues")
    else:
        rows, judged = _by_agent(corpus), _judged_agents(corpus)
        known = [measure for measure in OF_AN_AGENT if rows.frame[measure.column].notna().any()]
        pair = Pair((a, b), MODEL, corpus, rows, corpus.judged.having(judged), known, "parts played")
    _check_scenarios(pair)
    return _report(pair, "models")


def _alone(corpus: Corpus) -> "pd.Series[Any]":
    """Return for each finished dialogue the one model that played all its roles, None where several did."""
    frame = corpus.complete.frame[_model_columns(corpus)]
    return frame["model_1"].where(frame.nunique(axis=1) == 1, None)


def _model_columns(corpus: Corpus) -> list[str]:
    return [name for name in map(str, corpus.complete.frame) if name.startswith("model_")]


def _by_agent(corpus: Corpus) -> Sample:
    """Return one row a finished dialogue and agent: its model, its gain, its first complete offer."""
    import pandas as pd

    frame = corpus.complete.frame
    parts = []
    for role, column in enumerate(_model_columns(corpus)):
        part = frame[["id", *KEYS, "run", "agreed"]].assign(agent=role, gain=frame[f"gain_{role + 1}"])
        parts.append(part.assign(**{MODEL: frame[column]}))
    offers = corpus.offers.only(complete=True).frame
    first = offers.drop_duplicates(["dialogue", "agent"]).set_index(["dialogue", "agent"])["own_share"]
    rows = pd.concat(parts, ignore_index=True)
    keys = pd.MultiIndex.from_frame(rows[["id", "agent"]])
    return Sample(
        rows.assign(opening=first.reindex(keys).to_numpy()), DIALOGUES, "parts", "id", scope=corpus.scope
    )


def _judged_agents(corpus: Corpus) -> "pd.DataFrame":
    """Return the judgements about an agent, with the model that played it."""
    frame = corpus.judged.frame
    frame = frame[frame["agent"].notna()]
    columns = _model_columns(corpus)
    models = [row[int(agent)] for row, agent in zip(frame[columns].to_numpy(), frame["agent"], strict=True)]
    return frame.assign(**{MODEL: models})


def _check_scenarios(pair: Pair) -> None:
    first, second = (set(pair.of(label).frame["scenario"]) for label in pair.labels)
    if not first & second:
        a, b = (", ".join(sorted(found)) or "none" for found in (first, second))
        raise UserError(
            f"--compare: {pair.labels[0]!r} and {pair.labels[1]!r} have no finished dialogues of the same "
            f"scenario (theirs are {a}; and {b}); make one with the other's scenarios"
        )


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
    """Compare every measure, condition by condition."""
    a, b = pair.labels
    blocks: list[Block] = [_matching(pair)]
    briefs: list[Row] = []
    conditions = pair.conditions
    for name in conditions:
        part = pair.part(pair.both, name)
        found = contrasts([(measure, part) for measure in pair.measures], pair.side, a, b)
        said = f", {names.condition(name)}" if len(conditions) > 1 else ""
        key = f"comparison-{name}" if said else "comparison"
        blocks.append(contrast_sentence(f"In {b}{said}", f"{a}{said}", found))
        blocks.append(contrast_table(key, f"{a} against {b}{said}", pair.labels, found))
        short = contrast_table("comparison-brief", f"{a} against {b}", pair.labels, found, short=True)
        briefs += [(f"{row[0]}{said}", *row[1:]) for row in short.rows]
    return Section("comparison", "What differs", tuple(blocks), brief=replace(short, rows=tuple(briefs)))


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
    brief = contrast_table("comparison-judgements-brief", "Answers", pair.labels, found, short=True)
    blocks = (contrast_sentence(f"In {b}", a, found), table)
    return Section("judgements", "Judgements", blocks, brief=brief)


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
