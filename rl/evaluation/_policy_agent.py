"""A trained policy as an agent to be measured. Loads torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from negosim.rl._ends import read_end
from negosim.rl.evaluation._play import Failed
from negosim.rl.policy import Policy, Prefix, Sampling
from negosim.rl.tasks import Transcript
from negosim.seeding import Seed

BATCH = 64
"""Dialogues decoded side by side: more take more memory and are hardly faster."""


@dataclass(frozen=True)
class PolicyAgent:
    """Speaks as a policy does, guided by its Q values where it has any."""

    policy: Policy
    seed: int = 0
    sampling: Sampling | None = None
    """How it speaks; as it was trained to where None."""

    @classmethod
    def load(cls, folder: str, seed: int) -> Self:
        """Load a policy.

        Raises:
            UserError: no policy is there, or it is damaged.

        """
        return cls(Policy.load(folder), seed)

    async def say(self, transcripts: Sequence[Transcript]) -> Sequence[str | Failed]:
        """Say the next turn of each dialogue, after the context that the policy's training showed."""
        said: list[str | Failed] = []
        for start in range(0, len(transcripts), BATCH):
            batch = transcripts[start : start + BATCH]
            replies = self.policy.reply(
                [
                    Prefix(tuple((turn.role, turn.text) for turn in one.turns), self.policy.card.system)
                    for one in batch
                ],
                seeds=[Seed(self.seed, one.id, 0).number("policy", len(one.turns)) for one in batch],
                sampling=self.sampling,
            )
            # A model of both sides (--algo forward) writes a mark where it ends the dialogue.
            said += [read_end(reply.text)[0] for reply in replies]
        return said
