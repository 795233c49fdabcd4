"""Judges: what they could not answer, how good they are where the truth is known, whether they agree."""

from negosim.records import INCONSISTENT
from negosim.reports import _commands
from negosim.reports._corpus import ORACLE, Corpus, Sample
from negosim.reports._model import Block, Missing, Prose, ReportTable, Row, Section
from negosim.reports._numbers import count, distinct, share
from negosim.reports._sentences import joined
from negosim.reports.sections._calibration import calibrated
from negosim.reports.sections._consistency import consistency
from negosim.reports.sections._rates import rates

TITLE = "Judges: agreement and calibration"
STATUSES = ("ok", "invalid", "refused", "error", "not_applicable")


def section(corpus: Corpus) -> Section:
    """Return how far the judges can be trusted."""
    if not corpus.judges:
        missing = Missing(
            "No judge but the oracle has answered, so nothing can be said about judges.",
            _commands.judge(corpus, f"--judge-model {_commands.model_of(corpus)}"),
        )
        return Section("judges", TITLE, (missing,))
    table = _statuses(corpus)
    sample = comparable(corpus)
    blocks: list[Block] = [_lead(corpus), table, *calibrated(corpus, sample), *rates(sample, corpus)]
    blocks += consistency(corpus, sample)
    tables = [block for block in blocks if isinstance(block, ReportTable)]
    brief = next((each for each in tables if each.key.startswith("calibration")), table)
    return Section("judges", TITLE, tuple(blocks), brief=brief)


def comparable(corpus: Corpus) -> Sample:
    """Return the judgements about the dialogues that a judge other than the oracle has seen.

    The resolution questions, different ones for every scenario, are taken as one question with an item
    for each.
    """
    frame = corpus.judged.frame
    seen = frame.loc[frame["judge"] != ORACLE, "dialogue"].unique()
    frame = frame[frame["dialogue"].isin(seen)]
    own = frame["questions"] == "resolution"
    items = frame["question"].astype("category").cat.codes
    return corpus.judged.having(
        frame.assign(
            question=frame["question"].astype("object").mask(own, "resolution"),
            turn=frame["turn"].mask(own, items),
        )
    )


def _lead(corpus: Corpus) -> Prose:
    parts: list[Prose] = []
    for judge in corpus.judges:
        own = corpus.judged.only(judge=judge)
        seen = distinct(own, "dialogue")
        said: Prose = (
            corpus.named(judge),
            " judged ",
            seen,
            " dialogues and was asked for ",
            count(own),
        )
        parts.append((*said, " answers; ", share(own, "status", of="ok"), " of them can be used."))
        against = own.having(own.frame[own.frame["detail"].map(lambda detail: INCONSISTENT in detail)])
        if len(against.frame):
            parts.append((count(against), " contradict another answer of the same sheet."))
    return joined(parts)


def _statuses(corpus: Corpus) -> ReportTable:
    rows: list[Row] = []
    for judge in corpus.judges:
        own = corpus.judged.only(judge=judge)
        for questions in sorted(own.frame["questions"].unique()):
            part = own.only(questions=questions)
            counts = [count(part.only(status=status)) for status in STATUSES]
            rows.append((corpus.named(judge), str(questions), count(part), *counts))
    return ReportTable(
        "judge-answers",
        "Answers by status",
        ("judge", "questions", "asked", "ok", "invalid", "refused", "failed", "not applicable"),
        tuple(rows),
        words=2,
        caption=(
            "Only answers that are ok enter any figure. Invalid: malformed, off the scale, or quoting "
            "what was not said. Failed: the provider did not answer.",
        ),
    )
