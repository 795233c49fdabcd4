"""Negotiations as trajectories have them, read back: scenario, sides, moves, what they came to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from negosim._fields import SLUG
from negosim.errors import UserError
from negosim.outcome import outcome_of
from negosim.records import Condition, Outcome, Turn, Utterance
from negosim.rl._trajectory import MetaValue, TrajectoryTurn
from negosim.rl.hindsight._protocol import DiscardedError
from negosim.rl.policy_text import negotiation_system, read_mark
from negosim.scenarios import Scenario, load_scenario
from negosim.table import Table, opening_table

AGAINST_RULES = "suggestion or completion: a move against the rules"


@dataclass(frozen=True)
class Negotiation:
    """One negotiation between two, seen from the learner's side."""

    scenario: Scenario
    learner: int
    condition: Condition
    turns: tuple[TrajectoryTurn, ...]

    @cached_property
    def opener(self) -> int:
        """Position of the role that spoke first."""
        return self._position(self.turns[0])

    @cached_property
    def records(self) -> tuple[Turn, ...]:
        """The turns as the engine records them: what was said in public, and the learner's tactics.

        Raises:
            DiscardedError: a move is against the rules of the table.

        """
        return tuple(turn for turn, _ in self._played)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The table before each turn, and after the last one."""
        first = opening_table(self.scenario)
        return (first, *(table for _, table in self._played))

    @property
    def outcome(self) -> Outcome:
        """What it came to."""
        return outcome_of(self.scenario, self.tables[-1])

    def value(self, offer: Mapping[str, object] | None) -> float | None:
        """Return what an offer is worth to the learner; None for one that leaves issues open."""
        if offer is None or len(offer) < len(self.scenario.issues):
            return None
        return self.scenario.value(self.learner, dict(offer))  # type: ignore[arg-type]

    @cached_property
    def _played(self) -> list[tuple[Turn, Table]]:
        table, played = opening_table(self.scenario), []
        for index, turn in enumerate(self.turns):
            text, move, given = read_mark(turn.text)
            role, action = self._position(turn), "talk" if move == "reject" else move
            try:
                offer = table.check(role, action, given, self.scenario.issues)
            except ValueError:
                raise DiscardedError(AGAINST_RULES) from None
            said = Utterance(text=text or turn.text, action=action, offer=offer)
            tactic = turn.tactic.split("+")[0] if turn.tactic else None
            record = Turn(index=index, role=role, utterance=said, tactic=tactic)
            table = table.after(role, said)
            played.append((record, table))
        return played

    def _position(self, turn: TrajectoryTurn) -> int:
        return self.learner if turn.role == "agent" else 1 - self.learner


def negotiation_of(
    meta: Mapping[str, MetaValue], system: str | None, turns: Sequence[TrajectoryTurn]
) -> Negotiation:
    """Read a negotiation back from a trajectory of `negosim rl prepare RUN`.

    Raises:
        UserError: its scenario is not at hand, is another by now, or has more than two roles.

    """
    name = str(meta.get("scenario"))
    scenario = _scenario(name)
    learner, condition = int(meta.get("learner") or 1) - 1, Condition.model_validate(meta.get("condition"))
    if len(scenario.roles) != 2:
        raise UserError(
            f"{name}: the embedded back ends continue negotiations between two; name chat models "
            "with --controller, --forward and --reward-model"
        )
    if system != negotiation_system(scenario, learner, deceptive=learner in condition.deceptive):
        raise UserError(
            f"scenario {name!r} is not the one these negotiations were made with; "
            "put that one into a folder of NEGOSIM_PATH"
        )
    return Negotiation(scenario, learner, condition, tuple(turns))


@lru_cache(maxsize=32)
def _scenario(name: str) -> Scenario:
    if not re.fullmatch(SLUG, name):  # it comes from data: a path could be that of any file
        raise UserError(f"{name!r} is no scenario's id; trajectories name the scenario they are from by id")
    return load_scenario(name)
