"""Deception: whether and how much each agent deceived, from every perspective, and what was false."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from negosim.records import SIMULATED, TRUTH
from negosim.reports import _commands
from negosim.reports._corpus import ORACLE, Corpus, Sample
from negosim.reports._model import Block, Figure, Missing, Number, Prose, ReportTable, Section
from negosim.reports._numbers import GRADES, bare, grade, n_of, share
from negosim.reports._plots import Series, dots, legend_of, percent_axis
from negosim.reports._sentences import counted, intervals, joined
from negosim.reports._style import condition_mark
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Deception"
PRESENCE, DEGREE = "deception-presence", "deception-degree"

Voice = tuple[str, str]
Cells = dict[tuple[str, Voice, int, str], Number]
"""By question, who says so, agent and condition."""


def section(corpus: Corpus) -> Section:
    """Return what is said and what is known about deception."""
    blocks: list[Block] = []
    brief = None
    judges = corpus.judges_of(PRESENCE)
    for judge in judges or ([ORACLE] if corpus.voices(PRESENCE) else []):
        voices = corpus.voices(PRESENCE, judge)
        cells = _cells(corpus, voices)
        table = _table(corpus, judge, voices, cells)
        blocks += [_figure(corpus, voices, cells, table), table]
        brief = brief or _brief(table)
    if not judges:
        said = "No judge has said whether an agent deceived, or how much."
        command = _commands.ask_model(corpus, "deception")
        blocks.append(Missing(said, command))
    if not any(voice[0] == TRUTH for voice in corpus.voices(PRESENCE)):
        blocks.append(_no_truth(corpus))
    return Section("deception", TITLE, tuple(blocks), brief=brief)


def _no_truth(corpus: Corpus) -> Missing:
    said = "The record's own truth is not shown: the oracle has not judged these dialogues."
    simulated = any(SIMULATED in run.config.models for run in corpus.runs)
    if simulated:
        return Missing(said, _commands.judge(corpus, "--judge-model oracle"))
    return Missing(
        f"{said} It knows simulated dialogues only; a language model's intentions are not recorded."
    )


def _sample(corpus: Corpus, question: str, voice: Voice, agent: int, name: str) -> Sample:
    return corpus.answers(question, voice[1], voice[0]).only(agent=agent, condition=name)


def _cells(corpus: Corpus, voices: list[Voice]) -> Cells:
    cells: Cells = {}
    for voice in voices:
        for agent in range(corpus.agents):
            for name in corpus.conditions:
                presence = _sample(corpus, PRESENCE, voice, agent, name)
                cells[PRESENCE, voice, agent, name] = share(presence, "value")
                degree = _sample(corpus, DEGREE, voice, agent, name)
                cells[DEGREE, voice, agent, name] = grade(degree, "value")
    return cells


def _table(corpus: Corpus, judge: str, voices: list[Voice], cells: Cells) -> ReportTable:
    rows = []
    for agent in range(corpus.agents):
        for voice in voices:
            for name in corpus.conditions:
                presence = cells[PRESENCE, voice, agent, name]
                n = n_of(presence)
                label = (names.agent(agent), names.perspective(voice[0]), names.condition(name))
                rows.append((*label, n, cells[DEGREE, voice, agent, name], presence))
    number = corpus.judges_of(PRESENCE).index(judge) + 1 if len(corpus.judges_of(PRESENCE)) > 1 else None
    by = "" if judge == ORACLE else f", judged by {corpus.named(judge)}"
    return ReportTable(
        f"deception-{number}" if number else "deception",
        f"Deception of each agent{by}",
        ("about", "perspective", "condition", "n", "degree (1 to 5)", "present"),
        tuple(rows),
        words=3,
        bars="present",
        caption=(
            "Share of dialogues in which the agent is said to deceive, and how much, from 1 (not at all) "
            "to 5.",
        ),
        about=() if judge == ORACLE else (("judge", judge),),
    )


def _brief(table: ReportTable) -> ReportTable:
    """Return the table without n and with means alone, for a narrow terminal."""
    columns = tuple(column for column in table.columns if column != "n")
    rows = []
    for *label, _, degree, presence in table.rows:
        rows.append((*label, bare(degree) if isinstance(degree, Number) else degree, presence))
    return replace(table, columns=columns, rows=tuple(rows))


def _figure(corpus: Corpus, voices: list[Voice], cells: Cells, table: ReportTable) -> Figure:
    numbers = list(cells.values())
    return Figure(
        f"{table.key}-figure",
        table.title.replace("Deception of", "Deception presence and degree of"),
        partial(_draw, corpus=corpus, voices=voices, cells=cells),
        0.95 + 2 * (0.42 + len(voices) * max(0.3, 0.13 * len(corpus.conditions) + 0.08)),
        table,
        joined([_caption(corpus, voices, cells), counted(numbers, "answers")], " ") + intervals(numbers),
    )


def _caption(corpus: Corpus, voices: list[Voice], cells: Cells) -> Prose:
    """Say for each perspective what it holds of the agents that may lie, and of the same agents honest."""
    parts: list[Prose] = [("Upper row: how often an agent is said to deceive; lower row: how much.",)]
    for name in corpus.conditions:
        if name == "honest":
            continue
        for agent in [int(number) - 1 for number in name.removeprefix("deceptive-").split("-")]:
            for voice in voices:
                parts.append(_contrast(corpus, voice, agent, name, cells))
    return joined(parts, "")


def _contrast(corpus: Corpus, voice: Voice, agent: int, name: str, cells: Cells) -> Prose:
    lying = cells[PRESENCE, voice, agent, name]
    honest = cells.get((PRESENCE, voice, agent, "honest"))
    if lying.value is None:
        return ()
    who = "The record" if voice[0] == TRUTH else f"The {names.perspective(voice[0])} perspective"
    if voice[0].startswith("agent"):
        who = f"{names.perspective(voice[0]).capitalize()}"
    said: Prose = (f" {who} finds deception by {names.agent(agent)} in ", bare(lying), " where it may lie")
    if "honest" not in corpus.conditions or honest is None or honest.value is None:
        return (*said, ".")
    return (*said, " and in ", bare(honest), " where it may not.")


def _draw(canvas: "Canvas", *, corpus: Corpus, voices: list[Voice], cells: Cells) -> None:
    grid = canvas.subplots(2, corpus.agents, sharey=True, squeeze=False)
    labels = [names.perspective(voice[0]) for voice in voices]
    for row, question in enumerate((PRESENCE, DEGREE)):
        for agent, axes in enumerate(grid[row]):
            series = [
                Series(
                    names.condition(name),
                    condition_mark(name, position),
                    [cells[question, voice, agent, name] for voice in voices],
                )
                for position, name in enumerate(corpus.conditions)
            ]
            dots(axes, labels, series)
            if question == PRESENCE:
                percent_axis(axes)
                axes.set_title(f"about {names.agent(agent)}")
                axes.set_xlabel("deception present")
            else:
                axes.set_xlim(0.88, 5.12)
                axes.set_xticks(GRADES)
                axes.set_xlabel("degree, 1 (none) to 5")
    legend_of(canvas, [(names.condition(n), condition_mark(n, i)) for i, n in enumerate(corpus.conditions)])
