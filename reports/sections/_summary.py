"""Findings in numbers: what honest and deceptive dialogues came to, and how they differ."""

from dataclasses import replace

from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Missing, Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import count, mean, share
from negosim.reports._sentences import joined
from negosim.reports.sections import _names as names
from negosim.reports.sections._contrast import ComparedColumn, short
from negosim.reports.sections._primary import (
    NOT_DECLARED,
    Comparison,
    compared,
    declaration,
    levels_of,
    outcomes,
)

TITLE = "Findings in numbers"
LEVELS = "Means over finished dialogues."


def section(corpus: Corpus) -> Section:
    """Return the main outcomes of every condition, and their differences where there are several."""
    blocks: list[Block] = [_sizes(corpus)]
    if not len(corpus.complete):
        said = "No dialogue is finished, so nothing can be measured."
        return Section("summary", TITLE, (*blocks, Missing(said, _commands.resume(corpus.runs[0]))))
    others = [name for name in corpus.conditions if name != "honest"]
    if "honest" not in corpus.conditions or not others:
        said = "All dialogues are of one condition, so conditions cannot be compared."
        if len(corpus.conditions) > 1:
            said = "There are no honest dialogues to compare the deceptive ones with."
        table = _levels(corpus)
        missing = Missing(said, _commands.both_conditions(corpus))
        found = outcomes(corpus, measures(corpus), corpus.complete, corpus.judged)
        own = [*declaration(corpus, found), *levels_of(found)] if corpus.primary else []
        return Section("summary", TITLE, (*blocks, *own, table, missing), brief=table)
    sorted_out = outcomes(corpus, measures(corpus), corpus.complete, corpus.judged)
    blocks += [*declaration(corpus, sorted_out), *compared(sorted_out, list(map(_comparison, others)))]
    primary = [
        block for block in blocks if isinstance(block, ReportTable) and block.key.startswith("primary")
    ]
    brief = (
        _brief(corpus, primary[0])
        if primary
        else replace(_levels(corpus), caption=(LEVELS, f" {NOT_DECLARED}"))
    )
    return Section("summary", TITLE, tuple(blocks), brief=brief)


def _brief(corpus: Corpus, table: ReportTable) -> ReportTable:
    said = f"Primary outcomes, declared {corpus.declared}; all else is exploratory. "
    return replace(short(table), caption=(said, *table.caption))


def _comparison(name: str) -> Comparison:
    words = names.condition(name)
    title = f"honest dialogues against those where {words}"
    return Comparison(
        f"findings-{name}", f"Where {words}", ("honest", words), title, ("condition", "honest", name)
    )


def measures(corpus: Corpus) -> list[ComparedColumn]:
    """Return what is known of the dialogues and compared."""
    every = [
        ComparedColumn("agreed", "agreement"),
        *(
            ComparedColumn(f"gain_{role + 1}", f"gain of {names.agent(role)}", 2)
            for role in range(corpus.agents)
        ),
        ComparedColumn("joint_gain_share", "share of the best joint gain", 2),
        ComparedColumn("pareto_distance", "Pareto distance", 3),
        ComparedColumn("nash_ratio", "Nash ratio", 2),
        ComparedColumn("turns", "utterances", 1),
        ComparedColumn("words_per_turn", "words an utterance", 1),
        ComparedColumn("questions_per_turn", "questions an utterance", 2),
        ComparedColumn("tactic_entropy", "entropy of tactics (bits)", 2),
        ComparedColumn("false_claims", "claims flagged false a dialogue", 2),
    ]
    return [measure for measure in every if corpus.complete.frame[measure.column].notna().any()]


def _sizes(corpus: Corpus) -> Prose:
    failed = corpus.dialogues.only(status="failed")
    said: Prose = ("The report covers ", count(corpus.dialogues), " dialogues, of which ")
    parts: list[Prose] = [(*said, count(corpus.complete), " are finished and ", count(failed), " failed.")]
    if corpus.deal_ids and len(corpus.complete):
        overall = share(corpus.complete, "agreed")
        parts.append((" An agreement was reached in ", overall, " of the finished ones."))
    if len(corpus.judged):
        parts.append((" Judges gave ", count(corpus.judged), " answers."))
    return joined(parts, "")


def _levels(corpus: Corpus) -> ReportTable:
    rows: tuple[Row, ...] = tuple(
        (
            measure.label,
            *(_level(corpus.complete.only(condition=name), measure) for name in corpus.conditions),
        )
        for measure in measures(corpus)
    )
    heads = ("measure", *map(names.condition, corpus.conditions))
    return ReportTable("findings", "Means by condition", heads, rows, caption=(LEVELS,))


def _level(sample: Sample, measure: ComparedColumn) -> Number:
    if measure.places is None:
        return share(sample, measure.column)
    return mean(sample, measure.column, measure.places)
