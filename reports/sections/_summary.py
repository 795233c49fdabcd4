"""Findings in numbers: what honest and deceptive dialogues came to, and how they differ."""

from negosim.measures import Difference
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Missing, Number, Prose, Section, Table
from negosim.reports._numbers import bare, compare, count, difference_cells, mean, reliable, share
from negosim.reports._sentences import joined
from negosim.reports.sections import _names as names

TITLE = "Findings in numbers"

Measure = tuple[str, str, int | None]
"""Column, what it is called, decimals (None: a share)."""


def section(corpus: Corpus) -> Section:
    """Return the main outcomes of every condition, and their differences where there are several."""
    blocks: list[Block] = [(_sizes(corpus))]
    if not len(corpus.complete):
        blocks.append(
            Missing("No dialogue is finished, so nothing can be measured.", _commands.resume(corpus.runs[0]))
        )
        return Section("summary", TITLE, tuple(blocks))
    others = [name for name in corpus.conditions if name != "honest"]
    if "honest" not in corpus.conditions or not others:
        table = _levels(corpus)
        said = "All dialogues are of one condition, so conditions cannot be compared."
        if len(corpus.conditions) > 1:
            said = "There are no honest dialogues to compare the deceptive ones with."
        missing = Missing(said, _commands.both_conditions(corpus))
        return Section("summary", TITLE, (*blocks, table, missing), brief=table)
    tables = []
    for name in others:
        found = _differences(corpus, name)
        table = _contrast(corpus, name, found)
        blocks += [_findings(corpus, name, found), table]
        tables.append(table)
    return Section("summary", TITLE, tuple(blocks), brief=_brief(corpus, others))


def measures(corpus: Corpus) -> list[Measure]:
    """Return what is compared."""
    return [
        ("agreed", "agreement", None),
        *((f"gain_{role + 1}", f"gain of {names.agent(role)}", 2) for role in range(corpus.agents)),
        ("pareto_distance", "Pareto distance", 3),
        ("nash_ratio", "Nash ratio", 2),
        ("turns", "utterances", 1),
        ("words_per_turn", "words an utterance", 1),
        ("questions_per_turn", "questions an utterance", 2),
        ("tactic_entropy", "entropy of tactics (bits)", 2),
        ("false_claims", "false claims a dialogue", 2),
    ]


def _known(corpus: Corpus) -> list[Measure]:
    frame = corpus.complete.frame
    return [
        measure for measure in measures(corpus) if measure[0] in frame and frame[measure[0]].notna().any()
    ]


def _sizes(corpus: Corpus) -> Prose:
    failed = corpus.dialogues.only(status="failed")
    said: Prose = (
        "The report covers ",
        count(corpus.dialogues),
        " dialogues, of which ",
        count(corpus.complete),
    )
    parts: list[Prose] = [(*said, " are finished and ", count(failed), " failed.")]
    if len(corpus.complete):
        overall = share(corpus.complete, "agreed")
        parts.append((" An agreement was reached in ", overall, " of the finished ones."))
    if len(corpus.judged):
        parts.append((" Judges gave ", count(corpus.judged), " answers."))
    return joined(parts, "")


def _differences(corpus: Corpus, name: str) -> list[tuple[Measure, Difference]]:
    from negosim.measures import holm

    known = _known(corpus)
    found = [compare(corpus.complete, column, "condition", "honest", name) for column, _, _ in known]
    return list(zip(known, holm(found), strict=True))


def _contrast(corpus: Corpus, name: str, found: list[tuple[Measure, Difference]]) -> Table:
    rows = []
    for (column, label, places), difference in found:
        both = corpus.complete.only(condition=["honest", name]).known(column)
        rows.append((label, *difference_cells(difference, both.rows, places)))
    return Table(
        f"findings-{name}",
        f"Honest dialogues against those where {names.condition(name)}",
        ("measure", "honest", names.condition(name), "difference", "effect", "p (Holm)", "n"),
        tuple(rows),
        caption=(
            "Differences are between matched dialogues where there are pairs (n counts them). Brackets "
            "are 95 % intervals; p is corrected for the number of rows.",
        ),
    )


def _brief(corpus: Corpus, others: list[str]) -> Table:
    shown = ["honest", *others]
    rows = []
    for column, label, places in _known(corpus):
        cells = [_level(corpus.complete.only(condition=name), column, places) for name in shown]
        rows.append((label, *cells))
    heads = ("measure", *map(names.condition, shown))
    return Table("findings-brief", "Means by condition", heads, tuple(rows))


def _levels(corpus: Corpus) -> Table:
    rows = tuple(
        (label, *(_level(corpus.complete.only(condition=name), column, places) for name in corpus.conditions))
        for column, label, places in _known(corpus)
    )
    heads = ("measure", *map(names.condition, corpus.conditions))
    caption: Prose = ("Means over finished dialogues; brackets are 95 % intervals.",)
    return Table("findings", "Means by condition", heads, rows, caption=caption)


def _level(sample: Sample, column: str, places: int | None) -> Number:
    return share(sample, column) if places is None else mean(sample, column, places)


def _findings(corpus: Corpus, name: str, found: list[tuple[Measure, Difference]]) -> Prose:
    """Say which measures differ reliably, and how many do not."""
    clear = [(measure, difference) for measure, difference in found if reliable(difference)]
    parts: list[Prose] = []
    where = f"Where {names.condition(name)}"
    for (column, label, places), difference in clear:
        both = corpus.complete.only(condition=["honest", name]).known(column)
        before, after, *_ = difference_cells(difference, both.rows, places)
        how = "higher" if (difference.value or 0) > 0 else "lower"
        parts.append((f"{where} {label} is {how}: ", bare(after), " against ", bare(before), "."))
        where = "There"
    undecided = [label for (_, label, _), difference in found if not reliable(difference)]
    if undecided:
        said = (
            "No reliable difference is seen in " if parts else f"{where} no reliable difference is seen in "
        )
        parts.append((said + ", ".join(undecided) + ".",))
    return joined(parts)
