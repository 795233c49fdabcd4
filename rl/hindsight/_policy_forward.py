"""The forward model as a local model fine-tuned with `negosim rl train --algo forward`. Loads torch."""

from pathlib import Path

from negosim.agents import Agent, Speech
from negosim.agents.users import SILENT
from negosim.errors import UserError
from negosim.records import Utterance
from negosim.rl._ends import read_end
from negosim.rl._trajectory import Role
from negosim.rl.hindsight._protocol import Completion, DiscardedError, Prefix, Step
from negosim.rl.hindsight._talk import ROLES, talked_on
from negosim.rl.policy import Policy, PolicyContext, TurnBatcher
from negosim.views import View

CUT_OFF = "forward model: a turn was cut off"
NO_WORDS = "forward model: a turn without words"


class PolicyForward:
    """Says one turn after the other for both sides, those of many dialogues at once.

    A turn depends on its dialogue and seed, and on the dialogues beside it by rounding errors only.
    """

    def __init__(self, path: str, hard_path: str | None) -> None:
        """Load the models.

        Raises:
            UserError: a folder holds no policy, or one of the agent's side only.

        """
        self.name = f"policy:{Path(path).name}"
        standard = _loaded(path)
        self._batchers = {
            False: TurnBatcher(standard),
            True: TurnBatcher(_loaded(hard_path) if hard_path else standard),
        }

    async def complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        """Go on to the end that the model sets, or to the cap.

        Raises:
            DiscardedError: a turn was cut off, or has no words.

        """
        speakers: dict[Role, Agent] = {
            role: _Speaker(self._batchers[hard], prefix.system, role, step, len(prefix.turns))
            for role in ROLES
        }
        return await talked_on(prefix, speakers, step)


class _Speaker:
    """One side of a dialogue, spoken by a model of both."""

    self_directed = True

    def __init__(self, batcher: TurnBatcher, system: str | None, role: Role, step: Step, begun: int) -> None:
        """Take the model, what it was told, whose side it speaks, and how many turns there were."""
        self.model = "policy"
        self._batcher, self._system, self._role, self._step, self._begun = batcher, system, role, step, begun

    async def speak(self, view: View) -> Speech:
        """Say the next turn.

        Raises:
            DiscardedError: it was cut off, or has no words.

        """
        other: Role = "user" if self._role == "agent" else "agent"
        said = [
            (self._role if turn.role == view.side.index else other, turn.text) for turn in view.transcript
        ]
        number = len(said) - self._begun
        spoken = PolicyContext(tuple(said), self._system)
        reply = await self._batcher.say(spoken, self._step.number("turn", number), speaker=self._role)
        if not reply.complete:
            raise DiscardedError(CUT_OFF)
        text, ended = read_end(" ".join(reply.text.split()))
        if not text and not (ended and number):
            raise DiscardedError(NO_WORDS)
        return Speech(Utterance(text=text or SILENT, action="walk_away" if ended else "talk"))

    async def concluded(self, view: View) -> bool:
        """Say whether somebody has ended it."""
        return view.table.left_by is not None


def _loaded(path: str) -> Policy:
    policy = Policy.load(path)
    if policy.card.config.algorithm.algo != "forward":
        raise UserError(
            f"{path} was trained with --algo {policy.card.config.algorithm.algo} and knows the agent's side "
            "only; a forward model needs --algo forward"
        )
    return policy
