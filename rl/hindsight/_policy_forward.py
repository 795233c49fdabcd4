"""The forward model as a local model fine-tuned with `negosim rl train --algo forward`. Loads torch."""

from pathlib import Path

from negosim.errors import UserError
from negosim.rl._ends import read_end
from negosim.rl._trajectory import Role, TrajectoryTurn
from negosim.rl.hindsight._protocol import Completion, DiscardedError, Prefix, Step
from negosim.rl.policy import Policy, Voice
from negosim.rl.policy import Prefix as Spoken

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
        self._voices = {False: Voice(standard), True: Voice(_loaded(hard_path) if hard_path else standard)}

    async def complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        """Go on to the end that the model sets, or to the cap.

        Raises:
            DiscardedError: a turn was cut off, or has no words.

        """
        turns: list[TrajectoryTurn] = []
        while len(turns) < prefix.room:
            so_far = (*prefix.turns, *turns)
            speaker: Role = "user" if so_far[-1].role == "agent" else "agent"
            spoken = Spoken(tuple((turn.role, turn.text) for turn in so_far), prefix.system)
            reply = await self._voices[hard].say(spoken, step.number("turn", len(turns)), speaker=speaker)
            if not reply.complete:
                raise DiscardedError(CUT_OFF)
            text, ended = read_end(" ".join(reply.text.split()))
            if text:
                turns.append(TrajectoryTurn(role=speaker, text=text))
            elif not (ended and turns):
                raise DiscardedError(NO_WORDS)
            if ended:
                return Completion(turns=tuple(turns), ended=True)
        return Completion(turns=tuple(turns), ended=False)


def _loaded(path: str) -> Policy:
    policy = Policy.load(path)
    if policy.card.config.algorithm.algo != "forward":
        raise UserError(
            f"{path} was trained with --algo {policy.card.config.algorithm.algo} and knows the agent's side "
            "only; a forward model needs --algo forward"
        )
    return policy
