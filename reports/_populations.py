"""Two populations of dialogues, people's and models': what is compared, and tactics side by side."""

from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Missing, Section
from negosim.reports.sections._contrast import (
    ComparedColumn,
    contrast_sentence,
    contrast_table,
    contrasts,
    short,
)

POOLED = "all"
"""The one condition and scenario of dialogues that are compared as populations."""


def one_population(sample: Sample) -> Sample:
    """Return rows as of one scenario and condition, so that dialogues are what is resampled."""
    frame = sample.frame.copy()
    for name in ("scenario", "condition"):
        frame[name] = POOLED
    return sample.having(frame)


def of_populations(corpus: Corpus) -> list[ComparedColumn]:
    """Return what is compared besides what every comparison has."""
    every = [
        ComparedColumn("joint_share", "joint value, share of the best", 2),
        ComparedColumn("distinct_1", "distinct words (distinct-1)", 3),
        ComparedColumn("distinct_2", "distinct word pairs (distinct-2)", 3),
        ComparedColumn("repetition", "repetition within a dialogue", 3),
    ]
    return [one for one in every if corpus.complete.frame[one.column].notna().any()]


def tactics_compared(corpus: Corpus, side: str, a: str, b: str) -> Section:
    """Compare the share of each tactic that both use, dialogue by dialogue."""
    title, frame = "Tactics", corpus.tactics.frame
    if not len(frame):
        return Section("tactics", title, ())
    used = [set(frame.loc[frame[side] == name, "tactic"]) for name in (a, b)]
    common = sorted(used[0] & used[1])
    if not common:
        said = (
            f"Tactics cannot be compared: {a} and {b} name none in common. Have one judge name those of "
            "both: negosim judge RUN --questions tactic, with one taxonomy."
        )
        return Section("tactics", title, (Missing(said),))
    counts = frame[frame["tactic"].isin(common)].groupby(["dialogue", "tactic"], observed=True)["count"].sum()
    totals = frame.groupby("dialogue", observed=True)["count"].sum()
    rows = one_population(corpus.complete).frame
    rows = rows[rows["id"].isin(totals.index)]
    measured = []
    for tactic in common:
        share = [counts.get((id, tactic), 0) / totals[id] for id in rows["id"]]
        sample = corpus.complete.having(rows.assign(share=share))
        measured.append((ComparedColumn("share", tactic, 3), sample))
    found = contrasts(measured, side, a, b)
    heading = f"Share of the tactics of a dialogue, {a} against {b}"
    table = contrast_table("comparison-tactics", heading, (a, b), found)
    return Section("tactics", title, (contrast_sentence(f"In {b}", a, found), table), brief=short(table))
