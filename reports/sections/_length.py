"""Length against agreement, with and without a cap on utterances."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from negosim.reports import _commands
from negosim.reports._corpus import Corpus, cap_of
from negosim.reports._model import Block, Figure, Missing, Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import bare, count, mean_sd, share
from negosim.reports._sentences import joined
from negosim.reports._style import BLUE, GREY, ORANGE
from negosim.reports.sections import _names as names
from negosim.reports.sections._contrast import ComparedColumn, contrast_sentence, contrast_table, contrasts

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Length and agreement"
QUESTION = "agreement"
BINS = 15
WITHOUT = ("no_agreement", "abandoned")
"""Outcomes without a deal."""
ENDS = (
    ("agreement", "agreement", BLUE, ""),
    ("no agreement", "no_agreement", ORANGE, "////"),
    ("abandoned", "abandoned", GREY, "...."),
)


def section(corpus: Corpus) -> Section:
    """Return how long dialogues are and how that goes with agreement."""
    caps = _caps(corpus)
    judges = corpus.judges_of(QUESTION)
    tables = [_table(corpus, caps, judge, place) for place, judge in enumerate(judges)]
    blocks: list[Block] = [_lead(corpus), *(tables or [_table(corpus, caps, None, 0)])]
    blocks += [*_differences(corpus, caps), _figure(corpus)]
    if 0 not in caps.values():
        said = "All dialogues had a cap on utterances, so there is nothing to compare with unrestricted ones."
        blocks.append(Missing(said, _commands.unrestricted(corpus)))
    return Section("length", TITLE, tuple(blocks), brief=_brief(corpus, caps))


def _caps(corpus: Corpus) -> dict[str, int]:
    """Return each run's cap on utterances; 0 is unrestricted."""
    return {name: cap_of(run) for name, run in zip(corpus.names, corpus.runs, strict=True)}


def setting(cap: int) -> str:
    """Return a cap in words."""
    return f"at most {cap}" if cap else "unrestricted"


def _settings(corpus: Corpus, caps: dict[str, int]) -> list[tuple[str, list[str]]]:
    """Return each setting with the runs that have it, capped ones first."""
    ordered = sorted(set(caps.values()), key=lambda cap: cap or 1_000_000)
    return [(setting(cap), [name for name, own in caps.items() if own == cap]) for cap in ordered]


def _lead(corpus: Corpus) -> Prose:
    agreed = corpus.complete.only(outcome="agreement")
    none = corpus.complete.only(outcome=WITHOUT)
    parts: list[Prose] = [("A finished dialogue has ", mean_sd(corpus.complete, "turns"), " utterances")]
    if len(agreed) and len(none):
        parts.append(
            (": ", mean_sd(agreed, "turns"), " with an agreement and ", mean_sd(none, "turns"), " without")
        )
    stopped = share(corpus.complete, "end", of=["max_turns", "safety_stop"])
    parts.append((" (mean ± standard deviation). The cap ended ", bare(stopped), " of them."))
    return joined(parts, "")


def _rates(corpus: Corpus, judge: str | None, runs: list[str], **where: str) -> list[Number]:
    """Return how often there is an agreement: by the record, and as a judge sees it."""
    found = [mean_sd(corpus.complete.only(run=runs, **where), "agreed", 2)]
    for perspective in _perspectives(corpus, judge):
        answers = corpus.answers(QUESTION, str(judge), perspective).only(run=runs, **where)
        found.append(mean_sd(answers, "value", 2))
    return found


def _perspectives(corpus: Corpus, judge: str | None) -> list[str]:
    return [perspective for perspective, who in corpus.voices(QUESTION) if who == judge]


def _table(corpus: Corpus, caps: dict[str, int], judge: str | None, place: int) -> ReportTable:
    rows: list[Row] = []
    for key in [*corpus.scenario_ids, "all"]:
        where = {} if key == "all" else {"scenario": key}
        for words, runs in _settings(corpus, caps):
            sample = corpus.complete.only(run=runs, **where)
            if len(sample):
                rates = _rates(corpus, judge, runs, **where)
                rows.append((key, words, count(sample), mean_sd(sample, "turns"), *rates))
    heads = [f"agreed, {names.perspective(each)}" for each in _perspectives(corpus, judge)]
    by = f", judged by {corpus.named(judge)}" if judge else ""
    return ReportTable(
        f"length-{place + 1}" if place else "length",
        f"Utterances and agreement rate, mean ± standard deviation{by}",
        ("scenario", "utterances allowed", "n", "utterances", "agreed, record", *heads),
        tuple(rows),
        words=2,
        caption=(
            "All conditions together; n counts dialogues, of which a judge may have read only some. "
            "Agreement counts as 1, none as 0.",
        ),
        about=(("judge", judge),) if judge else (),
    )


def _differences(corpus: Corpus, caps: dict[str, int]) -> Iterator[Block]:
    """Yield how each setting differs from the first: length and agreement, in all and by scenario."""
    first, *others = sorted(set(caps.values()), key=lambda cap: cap or 1_000_000)
    for cap in others:
        both = corpus.complete.only(cap=[first, cap])
        measured = [
            (ComparedColumn("turns", "utterances", 1), both),
            (ComparedColumn("agreed", "agreement"), both),
        ]
        for key in corpus.scenario_ids:
            part = both.only(scenario=key)
            if part.frame["cap"].nunique() == 2:
                measured.append((ComparedColumn("turns", f"utterances, {key}", 1), part))
        found = contrasts(measured, "cap", first, cap)
        labels = setting(first), setting(cap)
        yield contrast_sentence(f"Where length is {labels[1]}", f"dialogues of {labels[0]}", found)
        title = f"Utterances and agreement, {labels[0]} against {labels[1]}"
        yield contrast_table(f"length-difference-{cap}", title, labels, found)


def _brief(corpus: Corpus, caps: dict[str, int]) -> ReportTable:
    rows: list[Row] = []
    for words, runs in _settings(corpus, caps):
        for key in corpus.scenario_ids:
            sample = corpus.complete.only(run=runs, scenario=key)
            if len(sample):
                rows.append((key, words, count(sample), share(sample, "agreed"), mean_sd(sample, "turns")))
    heads = ("scenario", "allowed", "n", "agreement", "utterances")
    return ReportTable("length-brief", "Utterances", heads, tuple(rows), words=2, bars="utterances")


def _bins(corpus: Corpus) -> list[tuple[int, int]]:
    turns = corpus.complete.frame["turns"]
    if not len(turns):
        return []
    start, most = int(turns.min()), int(turns.max())
    step = -(-(most - start + 1) // BINS)
    return [(low, min(low + step - 1, most)) for low in range(start, most + 1, step)]


def _figure(corpus: Corpus) -> Figure:
    rows: list[Row] = []
    for low, high in _bins(corpus):
        span = corpus.complete.only(turns=list(range(low, high + 1)))
        label = str(low) if low == high else f"{low} to {high}"
        rows.append((label, *(count(span.only(outcome=outcome)) for _, outcome, _, _ in ENDS)))
    columns = ("utterances", *(label for label, *_ in ENDS))
    data = ReportTable("length-distribution", "Dialogues by length", columns, tuple(rows))
    said: Prose = (
        "Finished dialogues by number of utterances and how they ended; n = ",
        count(corpus.complete),
        ".",
    )
    return Figure("length-distribution", "Length of dialogues", partial(_draw, data=data), 2.3, data, said)


def _draw(canvas: "Canvas", *, data: ReportTable) -> None:
    axes = canvas.subplots()
    places = range(len(data.rows))
    bottom = [0] * len(data.rows)
    for column, (label, _, colour, hatch) in enumerate(ENDS, 1):
        counts = [cell.n for row in data.rows if isinstance(cell := row[column], Number)]
        axes.bar(
            places,
            counts,
            bottom=bottom,
            width=0.85,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            lw=0.4,
            label=label,
        )
        bottom = [below + more for below, more in zip(bottom, counts, strict=True)]
    axes.set_xticks(places, [str(row[0]).replace(" to ", "–") for row in data.rows])
    axes.set_xlabel("utterances")
    axes.set_ylabel("dialogues")
    axes.locator_params(axis="y", integer=True)
    canvas.legend(loc="outside lower center", ncols=3, frameon=False)
