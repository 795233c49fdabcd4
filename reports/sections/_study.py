"""Section: a user study: people's ratings by agent, paired tests, effects of order, drop-outs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from negosim._csv import plain
from negosim.measures import difference, estimate, holm
from negosim.reports._corpus import ANY, Corpus, Sample
from negosim.reports._model import Block, Name, Number, ReportTable, Row, Section
from negosim.reports._numbers import count, distinct, from_estimate, mean, mean_sd, moved_cells
from negosim.store import Run

if TYPE_CHECKING:
    import pandas as pd

TITLE = "User study"
FOLDER = "study"
"""Of a run that comes from a study: its tables."""
ANSWERS, PEOPLE, CONVERSATIONS = (f"{FOLDER}/{name}.csv" for name in ("answers", "people", "conversations"))

STANDS = {
    "questions": "before the first conversation",
    "instructions": "before the first conversation",
    "practice": "before the first conversation",
    "talk": "during the conversations",
    "survey": "during the survey",
    "debriefing": "after the survey",
}
"""Where people stand who are not done, in words."""


def section(corpus: Corpus) -> Section:
    """Return what people said of the agents; nothing where no run comes from a study."""
    runs = [run for run in corpus.runs if (run.path / ANSWERS).is_file()]
    if not runs:
        return Section("study", TITLE, ())
    answers = Sample(
        _answers(runs), ANSWERS, "answers", id_column="person", where={"value": ANY}, scope="these"
    )
    ratings = _ratings(answers)
    blocks: list[Block] = [ratings] if ratings is not None else []
    blocks += [table for table in (_differences(answers), _order(answers)) if table is not None]
    left = _left(runs)
    return Section("study", TITLE, (*blocks, left), brief=ratings, more=(left,))


def _read(run: Run, name: str) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(Path(run.path, name), dtype=str, keep_default_na=False).map(plain)


def _pooled(runs: list[Run], name: str) -> "pd.DataFrame":
    """Return a table of all runs; people of different runs are different people."""
    import pandas as pd

    frames = [_read(run, name) for run in runs]
    if len(frames) > 1:
        frames = [frame.assign(person=f"{n}:" + frame["person"]) for n, frame in enumerate(frames, 1)]
    return pd.concat(frames, ignore_index=True)


def _answers(runs: list[Run]) -> "pd.DataFrame":
    """Return the numbers that people gave, a row each; what they are of one person is not independent."""
    import pandas as pd

    frame = _pooled(runs, ANSWERS)
    frame = frame[(frame["agent"] != "") & (frame["form"] != "questions")]
    yes_no = {"True": 1.0, "False": 0.0}
    values = pd.Series([yes_no.get(value, value) for value in frame["value"]], index=frame.index)
    return frame.assign(
        value=pd.to_numeric(values, errors="coerce"),
        scenario=frame["block"],
        index=frame["person"],
        place=pd.to_numeric(frame["place"]),
        number=pd.to_numeric(frame["number"]),
    ).dropna(subset=["value"])


def _metric(question: str, moment: str) -> str:
    return f"{question}, {moment}" if moment else question


def _groups(answers: Sample) -> Iterator[tuple[str, str, Sample]]:
    """Yield block, metric and the answers to it."""
    names = ["block", "question", "moment"]
    for block, question, moment in answers.frame[names].drop_duplicates().itertuples(index=False):
        own = answers.only(block=block, question=question, moment=moment)
        yield block, _metric(question, moment), own


def _agents(sample: Sample) -> list[str]:
    return sorted(sample.frame["agent"].unique())


def _ratings(answers: Sample) -> ReportTable | None:
    rows: list[Row] = []
    for block, metric, sample in _groups(answers):
        for agent in _agents(sample):
            own = sample.only(agent=agent)
            middle = mean(own, "value")
            told = distinct(own, "person"), mean_sd(own, "value", 2), _interval(middle)
            rows.append((block, metric, agent, *told))
    if not rows:
        return None
    return ReportTable(
        "study-ratings",
        "Ratings of the agents",
        ("block", "metric", "agent", "people", "mean ± sd", "interval"),
        tuple(rows),
        words=3,
        caption=(
            "Mean and standard deviation of the answers; the interval takes all answers of a person as one "
            "draw. reward: what a conversation was worth to the agent, by the person's private answers.",
        ),
    )


def _interval(middle: Number) -> Number:
    """Return the interval of a mean alone."""
    _, bracket, ends = middle.shown.partition(" [")
    return replace(middle, shown=f"[{ends}" if bracket else "–")


def _differences(answers: Sample) -> ReportTable | None:
    rows: list[Row] = []
    for block, metric, sample in _groups(answers):
        pairs = list(combinations(_agents(sample), 2))
        found = holm([difference(sample.frame, "value", "agent", a=a, b=b, scope="these") for a, b in pairs])
        family = [one.p for one in found if one.p is not None]
        for (a, b), one in zip(pairs, found, strict=True):
            both = sample.only(agent=[a, b])
            sides = {"between": "agent", "a": a, "b": b, "pairs_by": list(one.pairs_by)}
            how = {"statistic": "difference", "column": "value", **sides}
            rows.append(
                (
                    block,
                    metric,
                    Name(f"{b} − {a}", f"{b} minus {a}"),
                    *moved_cells(one, both.rows, how, 2, family),
                )
            )
    if not rows:
        return None
    return ReportTable(
        "study-differences",
        "Differences between agents, within people",
        ("block", "metric", "agents", "difference", "effect", "p", "n"),
        tuple(rows),
        words=3,
        caption=(
            "Of people who rated both: each person's own difference, several answers of one entering as "
            "their mean. p is Holm's, over the pairs of a metric.",
        ),
    )


def _order(answers: Sample) -> ReportTable | None:
    rows: list[Row] = []
    for block, metric, sample in _groups(answers):
        for column, words in (("place", "each agent later"), ("number", "each conversation with it later")):
            used = sample.known(column)
            slopes = _slopes(used, column)
            if slopes is None:
                continue
            how = {"statistic": "mean slope", "column": "value", "over": column}
            rows.append(
                (
                    block,
                    metric,
                    words,
                    from_estimate(estimate(slopes, "slope", scope="these"), used, how, places=2),
                )
            )
    if not rows:
        return None
    return ReportTable(
        "study-order",
        "Effects of order",
        ("block", "metric", "what comes later", "change"),
        tuple(rows),
        words=3,
        caption=(
            "How much an answer moves with its place, within people, whichever agents they met there: the "
            "mean of their slopes after each agent's own mean was taken off.",
        ),
    )


def _slopes(sample: Sample, column: str) -> "pd.DataFrame | None":
    """Return each person's slope over a column, after the agents' means are taken off their answers."""
    import numpy as np

    frame = sample.frame
    if not len(frame):
        return None
    rest = frame["value"] - frame.groupby("agent")["value"].transform("mean")
    frame = frame.assign(_rest=rest)
    kept, slopes = [], []
    for _, own in frame.groupby("person", sort=True):
        x = own[column].to_numpy(dtype=float)
        if len(np.unique(x)) > 1:
            kept.append(own.iloc[0])
            slopes.append(float(np.polyfit(x, own["_rest"].to_numpy(dtype=float), 1)[0]))
    if not kept:
        return None
    return frame.loc[[row.name for row in kept]].assign(slope=slopes)


def _left(runs: list[Run]) -> ReportTable:
    of_people = Sample(_pooled(runs, PEOPLE), PEOPLE, "people", id_column="person")
    of_talks = Sample(_pooled(runs, CONVERSATIONS), CONVERSATIONS, "conversations", id_column="person")
    rows: list[Row] = [("people who agreed to take part", count(of_people))]
    rows.append(("came to the end", count(of_people.only(status="completed"))))
    for words in dict.fromkeys(STANDS.values()):
        kinds = [kind for kind, where in STANDS.items() if where == words]
        stand = of_people.only(status="active", stands_at=kinds)
        rows.append((f"left, or still are, {words}", count(stand)))
    rows.append(("conversations that came to an end", count(of_talks.only(status="complete"))))
    rows.append(("conversations that failed, and were not rated", count(of_talks.only(status="failed"))))
    rows.append(("conversations that were left", count(of_talks.only(status="open"))))
    return ReportTable("study-people", "Who took part", ("what", "n"), tuple(rows), words=1)
