"""The two sides of a comparison: runs, or models by the dialogues or the parts they played."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from negosim.errors import UserError
from negosim.measures import Scope
from negosim.plugins import suggest
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import DIALOGUES
from negosim.reports._populations import POOLED, of_populations, one_population
from negosim.reports.sections._contrast import ComparedColumn
from negosim.reports.sections._summary import measures
from negosim.store import Run

if TYPE_CHECKING:
    import pandas as pd

RUN, MODEL = "run", "model"
KEYS = ["scenario", "condition", "index"]


OF_AN_AGENT = (
    ComparedColumn("gain", "gain", 2),
    ComparedColumn("agreed", "agreement"),
    ComparedColumn("opening", "own share of the first offer", 2),
)


@dataclass(frozen=True)
class Pair:
    """What is compared: rows that belong to one side or the other."""

    labels: tuple[str, str]
    side: str
    """The column that says which of the two a row belongs to: its run, or its model."""
    corpus: Corpus
    rows: Sample
    """One row a finished dialogue, or one a dialogue and agent."""
    judged: Sample
    measures: list[ComparedColumn]
    what: str
    """What a row is: "dialogues", "parts played"."""
    apart: bool = False
    """Whether they are two populations, people's dialogues and others: none has a partner."""

    def part(self, sample: Sample, condition: str) -> Sample:
        """Return the rows of a condition; of two populations, all."""
        return sample if self.apart else sample.only(condition=condition)

    def of(self, label: str) -> Sample:
        """Return the rows of one side."""
        return self.rows.only(**{self.side: label})

    @property
    def conditions(self) -> list[str]:
        """The conditions that occur; of two populations they are taken together."""
        if self.apart:
            return [POOLED]
        return [name for name in self.corpus.conditions if len(self.both.only(condition=name))]

    @property
    def both(self) -> Sample:
        """The rows of both sides."""
        return self.rows.only(**{self.side: list(self.labels)})


def pair_of_runs(a: Run, b: Run, *, scope: Scope, primary: Sequence[str]) -> Pair:
    """Return two runs as a pair: matched, or two populations where one is imported.

    Raises:
        UserError: they are the same run or have no finished dialogues of the same scenario.

    """
    apart = any(run.header.imported is not None for run in (a, b))
    corpus = Corpus([a, b], by_index=not apart, scope=scope, primary=primary)
    labels = (corpus.names[0], corpus.names[1])
    if apart:
        rows, judged = one_population(corpus.complete), one_population(corpus.judged)
        compared = (*measures(corpus), *of_populations(corpus))
        return Pair(labels, RUN, corpus, rows, judged, list(compared), "dialogues", apart=True)
    pair = Pair(labels, RUN, corpus, corpus.complete, corpus.judged, measures(corpus), "dialogues")
    _check_scenarios(pair)
    return pair


def pair_of_models(runs: Sequence[Run], a: str, b: str, *, scope: Scope, primary: Sequence[str]) -> Pair:
    """Return two models of some runs as a pair: by whole dialogues, or by the parts they played.

    Raises:
        UserError: a model has not played, or they have no scenario in common.

    """
    corpus = Corpus(runs, by_index=True, scope=scope, primary=primary)
    played = sorted({model for run in runs for model in run.config.models})
    for model in (a, b):
        if model not in played:
            hint = suggest(model, played)
            raise UserError(f"--compare: model {model!r} has not played in these runs; {hint}")
    if a == b:
        raise UserError(f"--compare: {a!r} is given twice; name two runs or two models")
    alone = _alone(corpus)
    if {a, b} <= set(alone):
        rows = corpus.complete.having(corpus.complete.frame.assign(**{MODEL: alone}))
        by_dialogue = dict(zip(rows.frame["id"], alone, strict=True))
        judged = corpus.judged.frame.assign(**{MODEL: corpus.judged.frame["dialogue"].map(by_dialogue)})
        pair = Pair((a, b), MODEL, corpus, rows, corpus.judged.having(judged), measures(corpus), "dialogues")
    else:
        rows, judged = _by_agent(corpus), _judged_agents(corpus)
        known = [measure for measure in OF_AN_AGENT if rows.frame[measure.column].notna().any()]
        pair = Pair((a, b), MODEL, corpus, rows, corpus.judged.having(judged), known, "parts played")
    _check_scenarios(pair)
    return pair


def _alone(corpus: Corpus) -> "pd.Series[Any]":
    """Return for each finished dialogue the one model that played all its roles, None where several did."""
    frame = corpus.complete.frame[_model_columns(corpus)]
    return frame["model_1"].where(frame.nunique(axis=1) == 1, None)


def _model_columns(corpus: Corpus) -> list[str]:
    return [name for name in map(str, corpus.complete.frame) if name.startswith("model_")]


def _by_agent(corpus: Corpus) -> Sample:
    """Return one row a finished dialogue and agent: its model, its gain, its first complete offer."""
    import pandas as pd

    frame = corpus.complete.frame
    parts = []
    for role, column in enumerate(_model_columns(corpus)):
        part = frame[["id", *KEYS, "run", "agreed"]].assign(agent=role, gain=frame[f"gain_{role + 1}"])
        parts.append(part.assign(**{MODEL: frame[column]}))
    offers = corpus.offers.only(complete=True).frame
    first = offers.drop_duplicates(["dialogue", "agent"]).set_index(["dialogue", "agent"])["own_share"]
    rows = pd.concat(parts, ignore_index=True)
    keys = pd.MultiIndex.from_frame(rows[["id", "agent"]])
    return Sample(
        rows.assign(opening=first.reindex(keys).to_numpy()), DIALOGUES, "parts", "id", scope=corpus.scope
    )


def _judged_agents(corpus: Corpus) -> "pd.DataFrame":
    """Return the judgements about an agent, with the model that played it."""
    frame = corpus.judged.frame
    frame = frame[frame["agent"].notna()]
    columns = _model_columns(corpus)
    models = [row[int(agent)] for row, agent in zip(frame[columns].to_numpy(), frame["agent"], strict=True)]
    return frame.assign(**{MODEL: models})


def _check_scenarios(pair: Pair) -> None:
    first, second = (set(pair.of(label).frame["scenario"]) for label in pair.labels)
    if not first & second:
        a, b = (", ".join(sorted(found)) or "none" for found in (first, second))
        raise UserError(
            f"--compare: {pair.labels[0]!r} and {pair.labels[1]!r} have no finished dialogues of the same "
            f"scenario (theirs are {a}; and {b}); make one with the other's scenarios"
        )
