"""Cost: calls, tokens, money and time, for making the dialogues and for judging them."""

from negosim._text import duration, money
from negosim.records import MARKED, MARKS
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Name, Prose, ReportTable, Row, Section
from negosim.reports._numbers import total

TITLE = "Cost"
SUMS = ("calls", "tokens_in", "tokens_out", "tokens_cached")


def section(corpus: Corpus) -> Section:
    """Return what everything took."""
    rows = [_row("making dialogues", _models(corpus), corpus.dialogues)]
    judged = corpus.judged
    for judge in sorted(judged.frame["judge"].unique()):
        for questions in sorted(judged.only(judge=judge).frame["questions"].unique()):
            rows.append(
                _row(
                    f"judging {questions}",
                    corpus.named(judge),
                    judged.only(judge=judge, questions=questions),
                )
            )
    table = ReportTable(
        "cost",
        "Calls, tokens, money and time",
        ("what", "by", "calls", "tokens in", "out", "read from cache", "money", "time"),
        tuple(rows),
        words=2,
        caption=(
            "Failed dialogues and answers are included: they cost too. The time is that of all calls "
            "together, those side by side included. Read from cache: the part of tokens in that a "
            "server's prefix cache saved.",
        ),
    )
    wrong = _wrong(corpus)
    return Section("cost", TITLE, (_lead(corpus), table, *([wrong] if wrong else [])), brief=table)


def _wrong(corpus: Corpus) -> ReportTable | None:
    """Return how many turns of models are marked, and how often an answer was asked for again; or nothing."""
    columns = [("asked_again", "answers asked for again")]
    columns += [(f"turns_{mark}", f"turns: {MARKED[mark]}") for mark in MARKS]
    rows = [(words, total(corpus.dialogues, column, _whole)) for column, words in columns]
    if not any(number.value for _, number in rows):
        return None
    return ReportTable(
        "marks",
        "What was wrong with answers of models",
        ("what", "count"),
        tuple(rows),
        caption=("Turns are counted that stayed so although the model was asked again.",),
    )


def _models(corpus: Corpus) -> Name:
    found = dict.fromkeys(model for run in corpus.runs for model in run.config.models)
    return Name.joined(*map(corpus.named, found))


def _row(what: str, who: Name, sample: Sample) -> Row:
    sums = [total(sample, column, _whole) for column in SUMS]
    return (what, who, *sums, total(sample, "usd", money), total(sample, "seconds", _time))


def _lead(corpus: Corpus) -> Prose:
    dialogues = corpus.dialogues
    spent, judging = total(dialogues, "usd", money), total(corpus.judged, "usd", money)
    calls = total(dialogues, "calls", _whole)
    if calls.value == 0:
        return ("No language model was called to make these dialogues; judging them cost ", judging, ".")
    return (
        "Making the dialogues took ",
        calls,
        " calls and cost ",
        spent,
        "; judging them cost ",
        judging,
        ".",
    )


def _whole(value: float | None) -> str:
    return "unknown" if value is None else f"{round(value):,}"


def _time(value: float | None) -> str:
    return "unknown" if value is None else duration(value)
