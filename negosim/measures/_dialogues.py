"""One row a dialogue: what it came to, how it was said, what it cost."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._answered import further_columns, further_values
from negosim.measures._language import HashedText, Overlap, Vocabulary, language
from negosim.measures._read import ByScenario, DialogueRow, spoken
from negosim.measures._shares import entropy_of
from negosim.measures._solutions import SOLUTIONS, Solutions
from negosim.records import MARKS, SIMULATED, account_totals, tactics_of
from negosim.scenarios import Scenario
from negosim.store import FrameRows, Run

if TYPE_CHECKING:
    import pandas as pd

_BOOLEANS = ("agreed", "rational")
_TEXT = ("id", "scenario", "condition", "status", "end", "outcome", "coalition")


def dialogue_rows(run: Run) -> "pd.DataFrame":
    """Return one row a dialogue, failed ones included.

    Of a failed dialogue only header and cost are known; what it would have come to is missing. Missing
    is whatever cannot be known, never 0: `agreed` where no usable offer was made or there is nothing to
    agree on, `rational`,
    `pareto_distance` and `nash_ratio` without a deal, `false_claims` where a speaker is a model (what it
    claims is found by judging), `tactic_entropy` without tactics, `usd` where a price is not known.

    - `value_1`, ...: points on each role's own scale; without a deal the reservation values.
    - `gain_1`, ...: the same from 0, no better than no deal, to 1, the role's best deal.
    - `joint_share`: joint value over the largest that any deal has.
    - `traits_1`, ...: where the run gives traits, those of each role, joined by "+"; `trait_1_calm`, ...:
      whether it has each.
    - `joint_gain_share`: the same over what no deal is worth: from 0, no better than that, to 1, the best.
    - `nash_distance`, `kalai_smorodinsky_distance`, `egalitarian_distance`, `utilitarian_distance`: of a
      deal, how far it is from what the solution chooses, in units of `pareto_distance`.
    - `coalition`, `party_1`, ...: who made the deal, where some can agree without the others.
    - `before_stance_1`, `change_stance_1`, ...: what a role answered to a measure, and how it changed.
    - `reward_1`, ...: rewards, where the scenario says what counts.
    - `rational`: whether the deal gives every role at least its reservation value.
    - `tactic_entropy`: Shannon entropy in bits of the tactics of the dialogue's utterances. It is
      bounded by the logarithm of their number: compare dialogues of like length.
    - `words` to `repetition`: see `negosim.measures.language`. `repetition_between`: share of the
      dialogue's different 4-grams that another dialogue of its scenario and condition has too.
    - `seconds`: wall clock. Tokens and money count retries.

    Raises:
        UserError: a line of the run is broken.

    """
    table = DialogueTable(run)
    for dialogue in spoken(run):
        table.add(dialogue)
    return table.frame()


class DialogueTable:
    """The rows of `dialogue_rows`, made dialogue by dialogue."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._vocabulary, self._overlap, self._ends = Vocabulary(), Overlap(), ByScenario(_Ends.of)
        self._solutions = ByScenario(Solutions.of)
        self._rows, self._count = FrameRows(), 0

    def add(self, dialogue: DialogueRow) -> None:
        """Measure one dialogue."""
        scenario = self._run.scenario_of(dialogue)
        row = {**_header(dialogue), **_outcome(dialogue), **_moves(dialogue)}
        row |= _traits(dialogue, self._run)
        row |= _gains(dialogue, self._ends.of(scenario))
        row |= _solved(dialogue, self._solutions.of(scenario))
        row |= further_values(dialogue.outcome, dialogue.measurements)
        if dialogue.status == "complete":
            said = [turn.utterance.text for turn in dialogue.turns if not turn.utterance.wordless]
            text = HashedText(said, self._vocabulary)
            row.update(language(text))
            self._overlap.add(self._count, (row["scenario"], row["condition"]), text)
        self._rows.add({**row, **_cost(dialogue)})
        self._count += 1

    def frame(self) -> "pd.DataFrame":
        """Return the rows, once."""
        import pandas as pd

        header = self._run.header
        frame = self._rows.frame(dialogue_columns(header.scenarios.values(), header.traits))
        shares = pd.Series(self._overlap.shares(), dtype="float64")
        frame["repetition_between"] = shares.reindex(range(len(frame)))
        for name in frame.columns:
            if name in _BOOLEANS or name.startswith(("party_", "trait_")):
                frame[name] = frame[name].astype("boolean")
            elif name in _TEXT or name.startswith(("model_", "traits_")):
                frame[name] = frame[name].astype("object")
            elif name not in ("index", "seed", "opener"):
                frame[name] = pd.to_numeric(frame[name]).astype("float64")
        return frame


def dialogue_columns(scenarios: Iterable[Scenario], traits: Iterable[str] = ()) -> list[str]:
    """Return the columns of `dialogue_rows` in order, so that an empty run has them too."""
    known = list(scenarios)
    models = [f"model_{role + 1}" for role in range(max(len(scenario.roles) for scenario in known))]
    return [
        *("id", "scenario", "condition", "index", "seed", "status", "end", "opener"),
        *models,
        *_trait_columns(list(traits), len(models)),
        *("turns", "outcome", "agreed"),
        *(name.replace("model", "value") for name in models),
        *(name.replace("model", "gain") for name in models),
        *("joint_value", "joint_share", "joint_gain_share", "rational", "pareto_distance", "nash_ratio"),
        *(f"{name}_distance" for name in SOLUTIONS),
        *further_columns(known),
        *("words", "words_per_turn", "questions_per_turn", "distinct_1", "distinct_2"),
        *("repetition", "repetition_between", "false_claims", "tactic_entropy"),
        *(f"turns_{mark}" for mark in MARKS),
        *("asked_again", "calls", "tokens_in", "tokens_out", "tokens_cached", "usd", "seconds"),
    ]


def _header(dialogue: DialogueRow) -> dict[str, Any]:
    columns = dialogue.columns()
    return {
        "id": columns.pop("dialogue"),
        **columns,
        "seed": dialogue.seed,
        "status": dialogue.status,
        "end": dialogue.end,
        "opener": dialogue.opener,
    }


def _trait_columns(traits: list[str], roles: int) -> list[str]:
    numbers = range(1, roles + 1) if traits else ()
    held = [f"trait_{number}_{name}" for number in numbers for name in traits]
    return [*(f"traits_{number}" for number in numbers), *held]


def _traits(dialogue: DialogueRow, run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, ids in enumerate(dialogue.traits, 1):
        found[f"traits_{number}"] = "+".join(ids)
        found |= {f"trait_{number}_{name}": name in ids for name in run.header.traits}
    return found


def _outcome(dialogue: DialogueRow) -> dict[str, Any]:
    outcome = dialogue.outcome
    if dialogue.status == "failed" or outcome.status == "unknown":
        return {"outcome": None if dialogue.status == "failed" else outcome.status}
    return {
        "outcome": outcome.status,
        "agreed": None if outcome.status == "not_applicable" else outcome.status == "agreement",
        **{f"value_{role + 1}": value for role, value in enumerate(outcome.values or ())},
        "joint_value": outcome.joint_value,
        "rational": all(outcome.rational) if outcome.rational is not None else None,
        "pareto_distance": outcome.pareto_distance,
        "nash_ratio": outcome.nash_ratio,
    }


@dataclass(frozen=True)
class _Ends:
    """What no deal and the best deal are worth to each role, and the best deal to all."""

    roles: tuple[tuple[float, float], ...]
    joint: float

    @classmethod
    def of(cls, scenario: Scenario) -> "_Ends | None":
        """Return the ends of a scenario; None where it is not known what deals are worth."""
        if not scenario.has_deals:
            return None
        space = scenario.space
        return cls(tuple(zip(space.reservations, space.values.max(axis=0), strict=True)), space.best_joint)


def _gains(dialogue: DialogueRow, ends: _Ends | None) -> dict[str, float]:
    outcome = dialogue.outcome
    if dialogue.status == "failed" or outcome.values is None or ends is None:
        return {}
    pairs = zip(outcome.values, ends.roles, strict=True)
    found = {
        f"gain_{role}": float((value - low) / (high - low))
        for role, (value, (low, high)) in enumerate(pairs, 1)
        if high > low
    }
    if outcome.joint_value is not None and ends.joint > 0:
        found["joint_share"] = outcome.joint_value / ends.joint
    return found


def _solved(dialogue: DialogueRow, solutions: Solutions | None) -> dict[str, float | None]:
    """Return the share of the best joint gain, and of a deal how far it is from each solution."""
    outcome = dialogue.outcome
    if dialogue.status == "failed" or outcome.values is None or solutions is None:
        return {}
    values = np.asarray(outcome.values, dtype=float)
    distances = solutions.distances(values) if outcome.status == "agreement" else {}
    return {"joint_gain_share": solutions.joint_gain(values), **distances}


def _moves(dialogue: DialogueRow) -> dict[str, Any]:
    if dialogue.status == "failed":
        return {}
    turns = dialogue.turns
    tactics = Counter(tactic for turn in turns for tactic in tactics_of(turn.tactic))
    known = all(model == SIMULATED for model in dialogue.models)
    return {
        "turns": len(turns),
        "false_claims": sum(not claim.true for turn in turns for claim in turn.claims) if known else None,
        "tactic_entropy": float(entropy_of(np.array(list(tactics.values())))) if tactics else None,
    }


def _cost(dialogue: DialogueRow) -> dict[str, Any]:
    account = dialogue.account
    marks = Counter(mark for turn in dialogue.turns for mark in turn.marks)
    return {
        **{f"turns_{mark}": marks[mark] for mark in MARKS},
        "asked_again": sum(sum(stage.again.values()) for stage in account),
        **account_totals(account),
        "seconds": dialogue.seconds,
    }
