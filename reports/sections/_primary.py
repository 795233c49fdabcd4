"""Primary outcomes: which were declared, how they differ, and the check of them by a mixed model."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from negosim.measures import COMPONENTS, MixedCheck, mixed_check, smallest_difference
from negosim.records import THIRD_PARTY, TRUTH
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Missing, Number, ReportTable, Row
from negosim.reports._numbers import NOTHING, from_mixed, of_p_value, written
from negosim.reports._sentences import listing
from negosim.reports.sections import _names as names
from negosim.reports.sections._contrast import (
    ComparedColumn,
    Contrast,
    contrast_sentence,
    contrast_table,
    contrasts,
    corrected_together,
)

Measured = tuple[ComparedColumn, Sample]
NOT_DECLARED = "No primary outcome was declared, so all of this is exploratory."


@dataclass(frozen=True)
class Outcomes:
    """What is compared: the primary outcomes, and all else."""

    primary: list[Measured]
    rest: list[Measured]
    unknown: list[str] = field(default_factory=list)
    """Those declared of which nothing is known."""


def outcomes(corpus: Corpus, measured: Sequence[ComparedColumn], rows: Sample, judged: Sample) -> Outcomes:
    """Divide what can be compared into the primary outcomes and the rest.

    Args:
        corpus: knows what was declared.
        measured: what is compared anyway.
        rows: the rows with the columns of `measured`.
        judged: the judgements, for outcomes that judges tell.

    """
    found = Outcomes([], [(one, rows) for one in measured if one.column not in corpus.primary])
    by_column = {one.column: one for one in measured}
    for name in corpus.primary:
        if name in by_column:
            found.primary.append((by_column[name], rows))
        elif name in rows.frame and rows.frame[name].notna().any():
            places = None if rows.frame[name].dtype == "boolean" else 2
            found.primary.append((ComparedColumn(name, name.replace("_", " "), places), rows))
        elif (answers := _answers(judged, name)) is not None:
            found.primary.append(answers)
        else:
            found.unknown.append(name)
    return found


def _answers(judged: Sample, name: str) -> Measured | None:
    """Return the answers of all judges to a question, third parties' where there are any."""
    question, _, agent = name.partition(":")
    own = judged.only(question=question, status="ok")
    if agent:
        own = own.only(agent=int(agent) - 1)
    for perspective in (THIRD_PARTY, TRUTH, *sorted(set(own.frame["perspective"]))):
        part = own.only(perspective=perspective)
        kinds = {type(value) for value in part.frame["value"]}
        if len(part) and kinds <= {bool, int, float}:
            about = f", {names.agent(int(agent) - 1)}" if agent else ""
            label = f"{question}{about}, {names.perspective(perspective)}"
            return ComparedColumn("value", label, None if kinds == {bool} else 2), part
    return None


def declaration(corpus: Corpus, found: Outcomes) -> list[Block]:
    """Say which outcomes were declared, where and when, and which of them are not known."""
    if not corpus.primary:
        return [
            (f"{NOT_DECLARED} Declare some with --primary, when a run is made or when it is reported on.",)
        ]
    labels = [str(one.label) for one, _ in found.primary]
    said = f"Primary outcomes, declared {corpus.declared}: {listing(labels or ['none that is known'])}."
    blocks: list[Block] = [
        (f"{said} Their p values are corrected together; all that is tested besides is exploratory.",)
    ]
    for name in found.unknown:
        asked = _commands.asking(corpus, name)
        blocks.append(Missing(f"{name!r} was declared a primary outcome, but is not known here.", asked))
    return blocks


@dataclass(frozen=True)
class Comparison:
    """One comparison of two sides, with its own titles: the two conditions, or the two runs."""

    key: str
    where: str
    """The clause for b, with which sentences begin."""
    labels: tuple[Any, Any]
    title: str
    sides: tuple[str, Any, Any]
    narrow: Any = None
    """Returns the rows that are compared of a sample; None: all."""


def compared(
    found: Outcomes, comparisons: Sequence[Comparison], reference: str | None = None
) -> Iterator[Block]:
    """Yield the primary outcomes of every comparison, corrected together, their check, and all else."""
    primary = corrected_together([_contrasts(each, found.primary) for each in comparisons])
    tests = sum(one.found.p is not None for group in primary for one in group)
    for each, group in zip(comparisons, primary, strict=True):
        if group:
            yield contrast_sentence(
                f"{each.where}, of the primary outcomes", _reference(each, reference), group
            )
            yield contrast_table(f"primary-{each.key}", f"Primary outcomes: {each.title}", each.labels, group)
    if any(primary):
        yield from _checks(comparisons, primary, tests)
    exploratory = "Exploratory: " if found.primary else ""
    for each in comparisons:
        group = _contrasts(each, found.rest)
        if group:
            where = f"Exploratory, {each.where[0].lower()}{each.where[1:]}" if exploratory else each.where
            yield contrast_sentence(where, _reference(each, reference), group)
            yield contrast_table(each.key, _capital(f"{exploratory}{each.title}"), each.labels, group)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _reference(each: Comparison, given: str | None) -> str:
    return given or str(each.labels[0])


def _contrasts(each: Comparison, measured: list[Measured]) -> list[Contrast]:
    narrow = each.narrow or (lambda sample: sample)
    return contrasts([(one, narrow(sample)) for one, sample in measured], *each.sides)


def _checks(
    comparisons: Sequence[Comparison], groups: list[list[Contrast]], tests: int
) -> Iterator[ReportTable]:
    """Yield the primary differences by bootstrap and by mixed model, and where the variance lies."""
    several = len(comparisons) > 1
    checked: list[tuple[str, Contrast, MixedCheck]] = []
    for each, group in zip(comparisons, groups, strict=True):
        for one in group:
            _, a, b = one.sides
            check = mixed_check(
                one.sample.frame, one.measure.column, one.sides[0], a=a, b=b, scope=one.sample.scope
            )
            said = f", {each.where[0].lower()}{each.where[1:]}" if several else ""
            checked.append((f"{one.measure.label}{said}", one, check))
    rows: list[Row] = [(label, *_check_cells(one, check, tests)) for label, one, check in checked]
    notes = [f"{label}: {check.note}." for label, _, check in checked if check.note]
    yield ReportTable(
        "primary-check",
        "Check of the primary outcomes by a mixed model",
        ("measure", "bootstrap", "mixed model", "p, mixed model", "smallest difference", "n"),
        tuple(rows),
        caption=(
            "The same difference by the bootstrap over clusters and by a linear mixed model (REML), p not "
            "corrected. Smallest difference: what this run would have shown in 80 % of cases, at a level of "
            f"5 % corrected for {tests} tests." + "".join(f" {note}" for note in notes),
        ),
    )
    if table := variances(
        [(label, one.measure, one.sample, check, one.sides) for label, one, check in checked]
    ):
        yield table


def _check_cells(one: Contrast, check: MixedCheck, tests: int) -> tuple[Number, ...]:
    between, a, b = one.sides
    how = {"column": one.measure.column, "between": between, "a": a, "b": b}
    places = one.measure.places
    smallest = smallest_difference(one.found, tests=max(1, tests))
    scale, unit, digits = (100, " pts", 0) if places is None else (1, "", places)
    shown = NOTHING if smallest is None else written(scale * smallest, digits) + unit
    of_smallest = {**how, "statistic": "smallest difference", "tests": max(1, tests)}
    return (
        one.cells[2],
        from_mixed(check, one.sample.rows, {**how, "statistic": "mixed model"}, places),
        of_p_value(check.p, check.n, one.sample.rows, {**how, "statistic": "p of mixed model"}),
        Number(shown, smallest, one.found.n, one.sample.rows, how=of_smallest),
        Number(
            f"{check.n:,} rows", check.n, check.n, one.sample.rows, how={**how, "statistic": "rows fitted"}
        ),
    )


def variances(
    checked: Iterable[tuple[str, ComparedColumn, Sample, MixedCheck, tuple[str, Any, Any]]],
) -> ReportTable | None:
    """Return which share of its variance each outcome has where."""
    known = [each for each in checked if each[3].shares]
    parts = [name for name in COMPONENTS if any(name in each[3].shares for each in known)]
    rows: list[Row] = []
    for label, measure, sample, check, (between, a, b) in known:
        how = {"statistic": "share of variance", "column": measure.column, "between": between, "a": a, "b": b}
        cells = []
        for name in parts:
            share = check.shares.get(name)
            shown = NOTHING if share is None else f"{written(100 * share, 0)} %"
            cells.append(Number(shown, share, check.n, sample.rows, how={**how, "component": name}))
        rows.append((label, *cells))
    if not rows:
        return None
    return ReportTable(
        "primary-variance",
        "Where the variance of the primary outcomes lies",
        ("measure", *parts),
        tuple(rows),
        caption=(
            "Shares of the variance that the mixed model has (intraclass correlations): that of scenarios is "
            "how alike two dialogues of one scenario are. –: the rows cannot tell it apart.",
        ),
    )


def levels_of(found: Outcomes) -> Iterator[ReportTable]:
    """Yield where the variance of the primary outcomes lies, where there is nothing to compare them with."""
    checked = [
        (
            str(measure.label),
            measure,
            sample.known(measure.column),
            mixed_check(sample.frame, measure.column, scope=sample.scope),
            ("condition", None, None),
        )
        for measure, sample in found.primary
    ]
    if table := variances(checked):
        yield table
