"""The runs a report is about, as samples: frames that remember how they were selected."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim._text import several
from negosim.errors import UserError
from negosim.judging import declarable_outcomes
from negosim.measures import Scope
from negosim.records import THIRD_PARTY, TRUTH
from negosim.reports._declared import checked, declared_by, where_declared
from negosim.reports._model import DIALOGUES, JUDGEMENTS, RUN, Name, Rows
from negosim.reports._shorten import shortened
from negosim.scenarios import Scenario
from negosim.store import Run

if TYPE_CHECKING:
    import pandas as pd

    from negosim.measures import RunTables

ORACLE = "oracle"
"""The judge that reads the record's own truth."""


SELECTED = ["dialogue", "questions", "question", "perspective", "judge", "status", "scenario", "condition"]
"""Columns of judgements that rows are selected by, of few different values."""
ASKED_THEMSELVES = ("beliefs", "beliefs-turns", "measures")
"""Ids of the sets that ask an agent what it thinks itself; it is no judge."""


ANY = "any value"
"""Stands in a selection for all values but none."""


@dataclass(frozen=True)
class Sample:
    """Rows of a frame, with the selection they are."""

    frame: "pd.DataFrame"
    source: str
    table: str
    id_column: str = "dialogue"
    where: dict[str, Any] = field(default_factory=dict)
    scope: Scope = "auto"
    """What intervals are about, as in `negosim.measures.estimate`."""

    def __len__(self) -> int:
        return len(self.frame)

    def only(self, **wanted: Any) -> "Sample":
        """Return the rows whose columns have the given values; a list means any of its values."""
        kept = np.ones(len(self.frame), dtype=bool)
        for column, value in wanted.items():
            given = self.frame[column]
            found = given.isin(value) if isinstance(value, list) else given == value
            kept &= found.to_numpy(dtype=bool, na_value=False)
        return replace(self, frame=self.frame[kept], where={**self.where, **wanted})

    def known(self, column: str) -> "Sample":
        """Return the rows that have a value in a column."""
        missing = self.frame[column].isna()
        if not missing.any():
            return self
        return replace(self, frame=self.frame[~missing], where={column: ANY, **self.where})

    def having(self, frame: "pd.DataFrame") -> "Sample":
        """Return the same selection with columns added."""
        return replace(self, frame=frame)

    @property
    def rows(self) -> Rows:
        """What the trace writes of the sample."""
        ids = tuple(self.frame[self.id_column].drop_duplicates())
        return Rows(self.source, self.where, ids, self.table)


class Corpus:
    """One or more runs, read once, measured by `negosim.measures`."""

    def __init__(
        self,
        runs: Sequence[Run],
        *,
        by_index: bool = False,
        scope: Scope = "auto",
        primary: Sequence[str] = (),
    ) -> None:
        """Take the runs together; with `by_index` dialogues of different seeds match too.

        `scope` says what intervals are about, as in `negosim.measures.estimate`; `primary` names the primary
        outcomes, where they are not those that the runs declare.

        Raises:
            UserError: one is given twice, or two have different scenarios of the same id.

        """
        self.runs = tuple(runs)
        resolved = [run.path.resolve() for run in runs]
        for position, path in enumerate(resolved):
            if path in resolved[:position]:
                raise UserError(f"run {str(runs[position].path)!r} is given twice; name each run once")
        self.scope = scope
        self._by_index = by_index
        self._primary = tuple(dict.fromkeys(several(primary)))
        self.names = _names(self.runs)
        self.scenarios: dict[str, Scenario] = {}
        for run in runs:
            for key, scenario in run.header.scenarios.items():
                known = self.scenarios.setdefault(key, scenario)
                if known != scenario:
                    raise UserError(
                        f"{run.path}: scenario {key!r} differs from that of {self.runs[0].path}; "
                        "report the runs one by one, or remake one of them"
                    )

    def read(self) -> "Corpus":
        """Read everything."""
        self._tables  # noqa: B018
        return self

    @cached_property
    def _tables(self) -> "list[RunTables]":
        """The runs' tables, each from one reading."""
        from negosim.measures import run_tables

        return [run_tables(run) for run in self.runs]

    @cached_property
    def dialogues(self) -> Sample:
        """One row a dialogue, failed ones included."""
        return Sample(
            self._pooled("dialogues", id_column="id"), DIALOGUES, "dialogues", "id", scope=self.scope
        )

    @cached_property
    def complete(self) -> Sample:
        """The dialogues that were finished."""
        finished = self.dialogues.only(status="complete")
        caps = {name: cap_of(run) for name, run in zip(self.names, self.runs, strict=True)}
        return finished.having(finished.frame.assign(cap=finished.frame["run"].map(caps).astype("int64")))

    @cached_property
    def tactics(self) -> Sample:
        """One row a dialogue, agent and tactic used."""
        return Sample(self._pooled("tactics"), DIALOGUES, "tactics", scope=self.scope)

    @cached_property
    def offers(self) -> Sample:
        """One row an offer."""
        return Sample(self._pooled("offers"), DIALOGUES, "offers", scope=self.scope)

    @cached_property
    def beliefs(self) -> Sample:
        """One row a belief of one agent about another."""
        return Sample(self._pooled("beliefs"), JUDGEMENTS, "beliefs", scope=self.scope)

    @cached_property
    def judged(self) -> Sample:
        """One row a judgement, whatever its status."""
        frame = self._pooled("judged")
        kept = frame.astype(dict.fromkeys(SELECTED, "category"))
        return Sample(kept, JUDGEMENTS, "judgements", scope=self.scope)

    @cached_property
    def conditions(self) -> list[str]:
        """The conditions that occur, honest first."""
        found: list[str] = self.dialogues.frame["condition"].unique().tolist()
        return sorted(found, key=lambda name: (name != "honest", name))

    @cached_property
    def scenario_ids(self) -> list[str]:
        """The scenarios that occur, by id."""
        return sorted(self.dialogues.frame["scenario"].unique())

    @cached_property
    def deal_ids(self) -> list[str]:
        """The scenarios in which something is to be settled, by id."""
        settled = set(self.dialogues.known("agreed").frame["scenario"])
        return [key for key in self.scenario_ids if key in settled or self.scenarios[key].has_deals]

    @cached_property
    def space_ids(self) -> list[str]:
        """Those of them whose deals are worth the same in every dialogue, by id."""
        return [key for key in self.deal_ids if self.scenarios[key].has_deals]

    @cached_property
    def primary(self) -> tuple[str, ...]:
        """The primary outcomes: those named with the report, else those that the runs declare.

        Raises:
            UserError: one is no outcome of the runs.

        """
        if not self._primary:
            return declared_by(self.runs)
        known = declarable_outcomes(self.scenarios.values())
        known += [name for name in map(str, self.judged.frame["question"].unique()) if name not in known]
        return checked(self._primary, known)

    @property
    def declared(self) -> str:
        """Where the primary outcomes were declared, in words."""
        return where_declared(self.runs, self._primary)

    @property
    def agents(self) -> int:
        """The largest number of roles of any scenario."""
        return max(len(scenario.roles) for scenario in self.scenarios.values())

    @cached_property
    def judges(self) -> list[str]:
        """Everyone who has judged, people included; not the oracle, nor agents asked for their beliefs."""
        frame = self.judged.frame
        judging = ~frame["questions"].isin(ASKED_THEMSELVES)
        return sorted(set(frame.loc[judging, "judge"]) - {ORACLE})

    def named(self, identity: str) -> Name:
        """Return a judge's or model's name: short where that is no other's, in full in files of data."""
        return Name(self._short.get(identity, identity), identity)

    @cached_property
    def _short(self) -> dict[str, str]:
        played = {model for run in self.runs for model in run.config.models}
        return shortened(sorted(played.union(map(str, self.judged.frame["judge"].unique()))))

    def answers(self, question: str, judge: str, perspective: str) -> Sample:
        """Return the usable answers of one judge to one question from one perspective."""
        return self.judged.only(question=question, judge=judge, perspective=perspective, status="ok")

    def voices(self, question: str, judge: str | None = None) -> list[tuple[str, str]]:
        """Return who has usable answers to a question: (perspective, judge), the record's truth first.

        With `judge`, only its own perspectives and the truth.
        """
        frame = self.judged.only(question=question, status="ok").frame
        pairs = {(str(p), str(j)) for p, j in frame[["perspective", "judge"]].drop_duplicates().to_numpy()}
        kept = [pair for pair in pairs if judge is None or pair[1] in (judge, ORACLE)]
        return sorted(kept, key=lambda pair: (perspective_order(pair[0]), pair[1]))

    def judges_of(self, question: str) -> list[str]:
        """Return the judges with usable answers to a question, the oracle not among them."""
        return sorted({judge for _, judge in self.voices(question)} - {ORACLE})

    def header_rows(self, **where: Any) -> Rows:
        """Return the source of a fact of the runs' headers."""
        return Rows(RUN, {"run": list(self.names), **where}, table="header")

    def _pooled(self, table: str, id_column: str = "dialogue") -> "pd.DataFrame":
        """Put a table of every run together, keeping matched dialogues matched.

        Dialogues are matched by scenario, index and what else decides how they are played, the seed above
        all. Where there are several runs, that and the index become one number, and ids begin with the
        run's name.
        """
        import pandas as pd

        frames: list[pd.DataFrame] = [
            getattr(tables, table).assign(run=name)
            for tables, name in zip(self._tables, self.names, strict=True)
        ]
        if len(frames) == 1:
            return frames[0]
        for frame, run, name in zip(frames, self.runs, self.names, strict=True):
            frame[id_column] = name + "/" + frame[id_column].astype(str)
            if not self._by_index:
                designs = list(dict.fromkeys(_design(other) for other in self.runs))
                frame["index"] = frame["index"] * len(designs) + designs.index(_design(run))
        return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def cap_of(run: Run) -> int:
    """Return a run's cap on utterances, the highest of its scenarios; 0 is unrestricted."""
    if run.header.imported is not None:
        return 0
    caps = [run.config.cap(scenario) for scenario in run.header.scenarios.values()]
    return 0 if 0 in caps else max(caps, default=run.config.max_turns or 0)


def perspective_order(perspective: str) -> tuple[int, str]:
    """Order perspectives: the truth, the third party, the agents."""
    return [TRUTH, THIRD_PARTY].index(perspective) if perspective in (TRUTH, THIRD_PARTY) else 2, perspective


def _design(run: Run) -> str:
    """Return what decides how a run's dialogues are played, whichever of them it has."""
    return run.config.model_dump_json(
        exclude={"scenarios", "dialogues", "conditions", "concurrency", "primary"}
    )


def _names(runs: tuple[Run, ...]) -> tuple[str, ...]:
    """Return a short name for each run: its folder, or its path where folders have the same name."""
    folders = [run.path.resolve().name for run in runs]
    return tuple(
        folder if folders.count(folder) == 1 else str(run.path)
        for folder, run in zip(folders, runs, strict=True)
    )
