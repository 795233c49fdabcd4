"""The rule-based controller of the simulated tasks: it reads what the dialogue shows, to its end.

Strategies are told from the agent's words, effects from the user's visible replies. Knowing how it went
on, it blames the turns that cost the most and words a replacement from the task's frames. It knows
nothing of the user's hidden state.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from negosim.agents.users import Recogniser, Transcript, strategies_in
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._protocol import PLACES, Step, Suggestion

CHANCE = 1.5
"""Up to this much is added to a fault's weight, so that a second review names other places too."""


@dataclass(frozen=True)
class Fault:
    """Something the agent should have done otherwise."""

    weight: float
    why: str
    acts: Sequence[str]
    """What it should have done."""


@dataclass(frozen=True)
class Moment:
    """One turn of the agent, with what came before and what came of it."""

    kind: str
    """Of the conversation: "donation" or "support"."""
    dialogue: Trajectory
    turn: int

    @cached_property
    def before(self) -> Transcript:
        """The dialogue up to this turn."""
        return Transcript(self.dialogue.id, self.dialogue.system, self.dialogue.turns[: self.turn])

    @cached_property
    def whole(self) -> Transcript:
        """The dialogue to its end: what hindsight knows."""
        return Transcript(self.dialogue.id, self.dialogue.system, self.dialogue.turns)

    @cached_property
    def acts(self) -> tuple[str, ...]:
        """Strategies of this turn."""
        return strategies_in(self.kind, self.dialogue.turns[self.turn].text)

    @cached_property
    def used(self) -> list[str]:
        """Strategies of the agent's turns before."""
        return [act for text in self.before.texts("agent") for act in strategies_in(self.kind, text)]

    @cached_property
    def heard(self) -> tuple[str, ...]:
        """What the user's last words before show."""
        said = self.before.texts("user")
        return self._cues(said[-1]) if said else ()

    @cached_property
    def effect(self) -> tuple[str, ...]:
        """What the user's reply shows."""
        after = self.dialogue.turns[self.turn + 1 :]
        return self._cues(after[0].text) if after else ()

    def _cues(self, text: str) -> tuple[str, ...]:
        return Recogniser.load(f"{self.kind}/user-cues").find(text)


Rules = Callable[[Moment], Iterator[Fault]]
"""What is wrong with a moment, the gravest first."""

Phrase = Callable[[Transcript, Sequence[str], Random], str]


class RuleController:
    """Names the three gravest faults of a dialogue, each in another turn."""

    name = "embedded"

    def __init__(self, kind: str, rules: Rules, phrase: Phrase) -> None:
        self._kind = kind
        self._rules = rules
        self._phrase = phrase

    async def review(self, dialogue: Trajectory, step: Step) -> Sequence[Suggestion]:
        """Return up to three places; fewer, or none, where there is nothing to blame."""
        rng = step.stream("review")
        found: list[tuple[float, Moment, Fault]] = []
        for turn, spoken in enumerate(dialogue.turns):
            if spoken.role == "agent":
                moment = Moment(self._kind, dialogue, turn)
                fault = next(self._rules(moment), None)
                if fault is not None and set(fault.acts) != set(moment.acts):
                    found.append((fault.weight + CHANCE * rng.random(), moment, fault))
        found.sort(key=lambda one: (-one[0], one[1].turn))
        return [
            Suggestion(
                said=dialogue.turns[moment.turn].text,
                why=fault.why,
                better=self._phrase(moment.before, fault.acts, rng),
                tactic="+".join(fault.acts),
            )
            for _, moment, fault in found[:PLACES]
        ]
