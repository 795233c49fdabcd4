"""The reward model as a chat model, shown dialogues of the data with what they were worth."""

from collections.abc import Sequence
from random import Random
from typing import Any

from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight import _examples as examples
from negosim.rl.hindsight._answers import DonationAnswer, Finished, Intensity, ScoreAnswer
from negosim.rl.hindsight._chat import Chat
from negosim.rl.hindsight._protocol import DiscardedError, RewardModel, Step

UNFINISHED = "reward: the dialogue is unfinished"
NO_INITIAL = "reward: the parent has no initial intensity"


def chat_reward(chat: Chat, pool: Sequence[Trajectory], rng: Random) -> RewardModel:
    """Return the reward model for a chat's task."""
    if chat.setting.task == "donation":
        return DonationReward(chat, pool, rng)
    if chat.setting.task == "support":
        return IntensityReward(chat, pool, rng)
    return ScoreReward(chat, pool, rng)


class _ChatReward:
    def __init__(self, chat: Chat, pool: Sequence[Trajectory], rng: Random) -> None:
        """Take the dialogues that examples are drawn from."""
        self.name = chat.name
        self._chat = chat
        self._pool = pool
        self._draw = rng.getrandbits(62)

    def _rng(self, purpose: str) -> Random:
        return Random(f"{self._draw} {purpose}")

    def _shown(self, dialogue: Trajectory) -> str:
        return self._chat.setting.transcript(dialogue.turns)


class DonationReward(_ChatReward):
    """Asks whether the donor has decided (six examples), then how much it is (five examples)."""

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return the donation in dollars.

        Raises:
            DiscardedError: the dialogue ends without a decision.
            ProtocolError: the model gave no usable answer.

        """
        transcript = self._shown(dialogue)
        first = await self._chat.ask("finished", Finished, step, fixed=self._decided, transcript=transcript)
        if not first.finished:
            raise DiscardedError(UNFINISHED)
        second = await self._chat.ask(
            "amount", DonationAnswer, step, fixed=self._amounts, transcript=transcript
        )
        return second.dollars

    def _decided(self) -> dict[str, Any]:
        shown = examples.finished_and_not(self._pool, self._rng("finished"))
        return {"examples": [(self._chat.setting.transcript(turns), finished) for turns, finished in shown]}

    def _amounts(self) -> dict[str, Any]:
        shown = examples.of_amounts(self._pool, self._rng("amount"))
        return {"examples": [(self._shown(one), one.total_reward) for one in shown]}


class IntensityReward(_ChatReward):
    """Asks for the final emotional intensity (ten examples); the reward is by how much it fell."""

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return initial minus final intensity.

        Raises:
            DiscardedError: the initial intensity is not known.
            ProtocolError: the model gave no usable answer.

        """
        initial = dialogue.meta.get("initial_intensity")
        if not isinstance(initial, int | float):
            raise DiscardedError(NO_INITIAL)
        answer = await self._chat.ask(
            "intensity",
            Intensity,
            step,
            fixed=self._intensities,
            transcript=self._shown(dialogue),
            initial=initial,
        )
        return float(initial - answer.final)

    def _intensities(self) -> dict[str, Any]:
        rated = [one for one in self._pool if isinstance(one.meta.get("initial_intensity"), int | float)]
        shown = examples.drawn(rated, examples.INTENSITY_EXAMPLES, self._rng("intensity"))
        before = [float(one.meta["initial_intensity"] or 0) for one in shown]
        return {
            "examples": [
                (self._shown(one), initial, initial - one.total_reward)
                for one, initial in zip(shown, before, strict=True)
            ]
        }


class ScoreReward(_ChatReward):
    """Asks for the score of any other dialogue, by ten examples of the data."""

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return the score, within the range of the data's.

        Raises:
            DiscardedError: the dialogue is unfinished.
            ProtocolError: the model gave no usable answer.

        """
        rewards = [one.total_reward for one in self._pool]
        lowest, highest = min(rewards), max(rewards)

        def check(answer: ScoreAnswer) -> None:
            if answer.finished and (answer.score is None or not lowest <= answer.score <= highest):
                raise ValueError(f"score: a finished conversation needs one from {lowest:g} to {highest:g}")

        answer = await self._chat.ask(
            "score",
            ScoreAnswer,
            step,
            fixed=lambda: {**self._scores(), "lowest": lowest, "highest": highest},
            check=check,
            system=dialogue.system,
            transcript=self._shown(dialogue),
        )
        if not answer.finished or answer.score is None:
            raise DiscardedError(UNFINISHED)
        return answer.score

    def _scores(self) -> dict[str, Any]:
        shown = examples.drawn(self._pool, examples.SCORE_EXAMPLES, self._rng("score"))
        return {"examples": [(one.system, self._shown(one), one.total_reward) for one in shown]}
