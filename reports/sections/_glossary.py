"""Section: definitions of the measures, and the making of the intervals."""

from negosim.reports._corpus import Corpus
from negosim.reports._model import ReportTable, Section

TITLE = "Measures and methods"

TERMS = (
    ("agreement", "The structured offers ended in a complete deal that every role accepted."),
    (
        "rational for all",
        "The deal gives every role at least its reservation value: what no deal is worth to it.",
    ),
    (
        "gain",
        "A role's value of the outcome on a scale where 0 is its reservation value and 1 its best "
        "possible deal.",
    ),
    (
        "joint value",
        "The sum of the roles' values, in the scenario's points.",
    ),
    (
        "Pareto distance",
        "Distance of a deal from the nearest deal that cannot be improved for one role without loss to "
        "another; each role's values are scaled from 0 (worst deal) to 1 (best). 0 is efficient.",
    ),
    (
        "Nash ratio",
        "The product of the roles' gains over their reservation values, in parts of the largest such "
        "product of any deal (Nash 1950).",
    ),
    ("own share", "What an offer is worth to the one who makes it, on the scale of gains."),
    (
        "deception presence, degree",
        "Whether an agent deceived, yes or no, and how much, from 1 (not at all) to 5. The record's truth "
        "comes from the claims of the simulated negotiator, which it knows to be true or false.",
    ),
    (
        "perspectives",
        "The third party reads the public transcript. Agents 1 and 2 also see their own brief and thoughts, "
        "never the other's. “Record” is computed from what is stored, not judged.",
    ),
    (
        "belief misalignment",
        "Distance between what an agent believes of the other's reservation value or priorities and what "
        "holds.",
    ),
    ("distinct-1, distinct-2", "Different words, or pairs of words, over all of them (Li et al. 2016)."),
    (
        "Cohen's κ, Krippendorff's α",
        "Agreement beyond chance, of one judge with the truth (κ) and of several judges or repeats with each "
        "other (α). 1 is perfect, 0 is chance.",
    ),
    (
        "intervals",
        "95 %. With five scenarios or more they are about scenarios like these: whole scenarios are "
        "resampled, because dialogues of one scenario are not independent. With fewer they are about more "
        "dialogues of these scenarios: matched seeds are resampled within each. Where there is too little "
        "data there is no interval.",
    ),
    (
        "differences",
        "Between dialogues matched by scenario and index where there are such pairs, else between groups. "
        "p values are corrected for the number of comparisons in their table (Holm 1979). Effect sizes: h "
        "(Cohen) for shares, dz (Cohen) for paired means, g (Hedges) for means of groups.",
    ),
    (
        "failures",
        "Failed dialogues and unusable answers (invalid, refused, failed) are counted as such and enter "
        "no mean.",
    ),
)


def section(corpus: Corpus) -> Section:
    """Return the glossary."""
    table = ReportTable("glossary", "Terms", ("term", "meaning"), TERMS, words=2)
    return Section("glossary", TITLE, (table,))
