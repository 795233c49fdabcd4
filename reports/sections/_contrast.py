"""Two groups side by side: every measure of both, the difference, its size and its p."""

from dataclasses import dataclass
from typing import Any

from negosim.measures import Difference, holm
from negosim.reports._corpus import Sample
from negosim.reports._model import Heading, Name, Number, Prose, ReportTable, Row
from negosim.reports._numbers import bare, compare, count, difference_cells, partnered, reliable
from negosim.reports._sentences import joined, listing

HEADS = ("difference", "effect", "p (Holm)", "n")
CAPTION = (
    "Differences are between matched dialogues where there are pairs (n counts them). p is "
    "corrected for the number of rows."
)


@dataclass(frozen=True)
class ComparedColumn:
    """Something that is compared."""

    column: str
    label: str | Name
    places: int | None = None
    """Decimals; None for a share."""


@dataclass(frozen=True)
class Contrast:
    """A measure, how it differs, and the rows it was computed from."""

    measure: ComparedColumn
    found: Difference
    sample: Sample
    sides: tuple[str, Any, Any]
    """The column that tells the two apart, and its values."""
    family: list[float]
    """The p values that are corrected together."""

    @property
    def without_partner(self) -> Sample:
        """The rows that are in no pair, though others are."""
        paired = partnered(self.sample, self.sides[0], self.found.pairs_by)
        return self.sample.having(self.sample.frame[~paired])

    @property
    def cells(self) -> tuple[Number, ...]:
        """a, b, b minus a, effect size, corrected p and n."""
        return difference_cells(self.found, self.sample, self.sides, self.measure.places, self.family)


def contrasts(measured: list[tuple[ComparedColumn, Sample]], between: str, a: Any, b: Any) -> list[Contrast]:
    """Compare every measure on its sample, b minus a, and correct p for their number."""
    compared = holm([compare(sample, measure.column, between, a, b) for measure, sample in measured])
    family = [found.p for found in compared if found.p is not None]
    sides = between, a, b
    return [
        Contrast(measure, found, sample.only(**{between: [a, b]}).known(measure.column), sides, family)
        for (measure, sample), found in zip(measured, compared, strict=True)
    ]


def contrast_table(
    key: str, title: str, labels: tuple[Heading, Heading], found: list[Contrast], *, short: bool = False
) -> ReportTable:
    """Return contrasts as a table; the short one leaves out effect sizes and the intervals of means."""
    rows: list[Row] = []
    for each in found:
        cells = each.cells
        a, b, moved, _, p, n = cells
        rows.append((each.measure.label, *((bare(a), bare(b), moved, p, n) if short else cells)))
    heads = [head for head in HEADS if head != "effect" or not short]
    return ReportTable(key, title, ("measure", *labels, *heads), tuple(rows), caption=(CAPTION,))


def contrast_sentence(where: str, reference: str, found: list[Contrast]) -> Prose:
    """Say which measures differ reliably, and which do not: "Where agent 2 may lie, ...".

    Args:
        where: the clause for b, with which the sentence begins.
        reference: what b differs from.
        found: the contrasts.

    """
    clear: list[Prose] = []
    for each in found:
        if reliable(each.found):
            before, after, *_ = each.cells
            clear.append((each.measure.label, " (", bare(after), " against ", bare(before), ")"))
    tested = [each for each in found if each.found.p is not None]
    if not tested:
        return (f"{where}, no difference from {reference} could be tested: there is too little data.",)
    if not clear:
        return (f"{where}, nothing that was tested differs reliably from {reference}.", *left_out(found))
    said: Prose = (f"{where}, these differ reliably from {reference}: ", *joined(clear, ", "), ".")
    undecided = [str(each.measure.label) for each in tested if not reliable(each.found)]
    if undecided:
        said = (*said, f" No reliable difference is seen in {listing(undecided)}.")
    return (*said, *left_out(found))


def left_out(found: list[Contrast]) -> Prose:
    """Say how many rows have no partner, for the measure where they are most; they enter no difference."""
    alone = [each.without_partner for each in found if each.found.paired]
    most = max(alone, key=len, default=None)
    if most is None or not len(most):
        return ()
    what = "dialogues" if most.table == "dialogues" else "rows"
    return (" Left out, as they have no partner: ", count(most), f" {what} (where they are most).")
