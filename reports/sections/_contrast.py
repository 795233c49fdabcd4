"""Two groups side by side: every measure of both, the difference, its size and its p."""

from dataclasses import dataclass, replace
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


def corrected_together(groups: list[list[Contrast]]) -> list[list[Contrast]]:
    """Return contrasts with p corrected for all of them, over every group."""
    flat = [one for group in groups for one in group]
    found = holm([one.found for one in flat])
    family = [one.p for one in found if one.p is not None]
    again = iter(replace(one, found=each, family=family) for one, each in zip(flat, found, strict=True))
    return [[next(again) for _ in group] for group in groups]


def contrast_table(
    key: str, title: str, labels: tuple[Heading, Heading], found: list[Contrast]
) -> ReportTable:
    """Return contrasts as a table."""
    rows: list[Row] = [(each.measure.label, *each.cells) for each in found]
    return ReportTable(key, title, ("measure", *labels, *HEADS), tuple(rows), caption=(CAPTION,))


def short(table: ReportTable) -> ReportTable:
    """Return a table of contrasts without effect sizes and the intervals of means, for a narrow terminal."""
    rows = []
    for label, a, b, moved, _, p, n in table.rows:
        ends = [bare(end) if isinstance(end, Number) else end for end in (a, b)]
        rows.append((label, *ends, moved, p, n))
    heads = [head for head in table.columns if head != "effect"]
    return replace(table, key=f"{table.key}-brief", columns=tuple(heads), rows=tuple(rows))


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
