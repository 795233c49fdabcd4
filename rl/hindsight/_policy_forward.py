"""The forward model as a local model fine-tuned with `negosim rl train --algo forward`. Loads torch."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from negosim.errors import UserError
from negosim.rl._ends import read_end
from negosim.rl._trajectory import Role, TrajectoryTurn
from negosim.rl.hindsight._protocol import Completion, DiscardedError, Prefix, Step
from negosim.rl.policy import Policy, Reply
from negosim.rl.policy import Prefix as Spoken

CUT_OFF = "forward model: a turn was cut off"
NO_WORDS = "forward model: a turn without words"


@dataclass
class _Asked:
    """A turn to be said."""

    spoken: Spoken
    speaker: Role
    seed: int
    said: "asyncio.Future[Reply]"


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
        self._voices = {False: _Voice(standard), True: _Voice(_loaded(hard_path) if hard_path else standard)}

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
            reply = await self._voices[hard].say(spoken, speaker, step.number("turn", len(turns)))
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


class _Voice:
    """Collects the turns that are wanted at a time and has them said in one batch."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._asked: list[_Asked] = []
        self._speaking: asyncio.Task[None] | None = None

    async def say(self, spoken: Spoken, speaker: Role, seed: int) -> Reply:
        asked = _Asked(spoken, speaker, seed, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._speaking is None or self._speaking.done():
            self._speaking = asyncio.create_task(self._speak())
        return await asked.said

    async def _speak(self) -> None:
        while self._asked:
            await asyncio.sleep(0)  # everyone who goes on at the same time is heard together
            batch, self._asked = self._asked, []
            for speaker in dict.fromkeys(one.speaker for one in batch):
                some = [one for one in batch if one.speaker == speaker]
                try:
                    replies = await asyncio.to_thread(
                        self._policy.reply,
                        [one.spoken for one in some],
                        seeds=[one.seed for one in some],
                        speaker=speaker,
                    )
                except Exception as error:
                    for one in some:
                        one.said.set_exception(error)
                else:
                    for one, reply in zip(some, replies, strict=True):
                        one.said.set_result(reply)


def _loaded(path: str) -> Policy:
    policy = Policy.load(path)
    if policy.card.config.algorithm.algo != "forward":
        raise UserError(
            f"{path} was trained with --algo {policy.card.config.algorithm.algo} and knows the agent's side "
            "only; a forward model needs --algo forward"
        )
    return policy
