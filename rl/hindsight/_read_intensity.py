"""The embedded reward model for emotional support: it reads the seeker's words, fitted to the data."""

import re
from collections.abc import Sequence

import numpy as np

from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._protocol import DiscardedError, Step
from negosim.rl.hindsight._reward import NO_INITIAL

SIGNS: dict[str, tuple[float, str]] = {
    "relief": (0.7, r"calmer|lighter|breathe|so much better|feel(ing)? (a (bit|little) )?better|relieved"),
    "thanks": (0.25, r"thank|thanks|grateful|helped me|you listen|appreciate"),
    "understood": (
        0.15,
        r"exactly|that is (it|true|right)|that's (it|true|right)|somebody understands|got the",
    ),
    "plan": (0.4, r"will try|i could try|can try|can do tomorrow|a plan|manage|good idea|try that|do that"),
    "comfort": (
        0.25,
        r"kind|needed to hear|really think so|good to (hear|know)|nobody has said|not the only",
    ),
    "hurt": (-0.6, r"my own fault|that hurts|take me seriously|hollow|easy to say|hardly know me"),
    "resistance": (
        -0.25,
        r"not quite it|not what i meant|did not ask|too much already|would only fail|tried",
    ),
    "left": (-0.6, r"does(n't| not) help|never mind|have to go"),
}
"""Signs of how a seeker fares: by how much one eases the intensity before the data is seen, and patterns."""

SHRINKAGE = 10.0
"""How many dialogues the weights above count as much as."""


class IntensityReading:
    """Reads the final intensity off what the seeker says: signs, weighed by ridge regression on the data."""

    name = "embedded"

    def __init__(self, pool: Sequence[Trajectory]) -> None:
        start = np.array([0.5, *(weight for weight, _ in SIGNS.values())])
        rated = [one for one in pool if isinstance(one.meta.get("initial_intensity"), int | float)]
        features = np.array([_signs(one) for one in rated]).reshape(len(rated), len(start))
        rest = np.array([one.total_reward for one in rated]) - features @ start
        gram = features.T @ features + SHRINKAGE * np.eye(len(start))
        self._weights = start + np.linalg.solve(gram, features.T @ rest)

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return initial minus final intensity, the final one a whole number from 1 to 5.

        Raises:
            DiscardedError: the initial intensity is not known.

        """
        initial = dialogue.meta.get("initial_intensity")
        if not isinstance(initial, int | float):
            raise DiscardedError(NO_INITIAL)
        final = round(float(initial - np.array(_signs(dialogue)) @ self._weights))
        return float(initial - min(5, max(1, final)))


def _signs(dialogue: Trajectory) -> list[float]:
    text = " ".join(turn.text for turn in dialogue.turns if turn.role == "user").casefold()
    plain = text.replace("’", "'")
    return [1.0, *(float(len(re.findall(rf"\b(?:{pattern})", plain))) for _, pattern in SIGNS.values())]
