"""Section: other questions, on obstacles to agreement and of the user's own."""

from collections.abc import Iterator

from negosim.records import PERSON, TRUTH
from negosim.reports._corpus import ASKED_THEMSELVES, Corpus, Sample, perspective_order
from negosim.reports._model import Heading, Name, ReportTable, Row, Section
from negosim.reports._numbers import mean, share, shares_of
from negosim.reports.sections import _names as names

TITLE = "Other questions"
ELSEWHERE = ("agreement", "deception-presence", "deception-degree", "tactic", "claim", "false-claim")
"""Questions that have a section of their own."""
ELSEWHERE_SETS = ("quality", "resolution")
SURVEY = "survey"
"""The set that people in a study answer; the study's section has their grades."""
MOST = 6
"""Answers of a choice that are listed, most frequent first."""


def section(corpus: Corpus) -> Section:
    """Return the answers to every question that has no section of its own; nothing where there is none."""
    frame = corpus.judged.frame
    asked = frame[(frame["status"] == "ok") & ~frame["question"].isin(ELSEWHERE)]
    asked = asked[~asked["questions"].isin(ELSEWHERE_SETS)]
    asked = asked[~asked["questions"].isin(ASKED_THEMSELVES)]
    people = asked["judge"].astype("object").str.startswith(PERSON) & (asked["questions"] == SURVEY)
    asked = asked[~(people & asked["value"].map(lambda value: isinstance(value, int | float)))]
    voices = asked[["question", "perspective", "judge"]].drop_duplicates().astype("object")
    rows: list[Row] = []
    for question, perspective, judge in sorted(voices.itertuples(index=False, name=None), key=_place):
        sample = corpus.answers(question, judge, perspective)
        who: Heading = names.perspective(perspective)
        if perspective != TRUTH:
            who = Name.joined(who, corpus.named(judge))
        rows += [(question, who, *row) for row in _answers(corpus, sample)]
    if not rows:
        return Section("others", TITLE, ())
    table = ReportTable(
        "other-questions",
        "Answers by condition",
        ("question", "asked of", "answer", *map(names.condition, corpus.conditions)),
        tuple(rows),
        words=3,
        caption=("Share of the usable answers, or their mean.",),
    )
    return Section("others", TITLE, (table,), brief=table)


def _place(voice: tuple[str, str, str]) -> tuple[object, ...]:
    question, perspective, judge = voice
    return question, perspective_order(perspective), judge


def _answers(corpus: Corpus, sample: Sample) -> Iterator[Row]:
    """Yield the answers of one judge to one question: what is answered, and how often in each condition."""
    kinds = {type(value) for value in sample.frame["value"]}
    by_condition = [sample.only(condition=name) for name in corpus.conditions]
    if kinds == {bool}:
        yield "yes", *(share(part, "value") for part in by_condition)
    elif kinds <= {int, float}:
        yield "mean", *(mean(part, "value") for part in by_condition)
    else:
        found = [shares_of(part, "value") for part in by_condition]
        for answer in list(shares_of(sample, "value"))[:MOST]:
            parts = zip(found, by_condition, strict=True)
            yield answer, *(each.get(answer, share(part, "value", of=answer)) for each, part in parts)
