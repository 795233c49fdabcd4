"""A trained policy as an agent to be measured. Loads torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from negosim.agents.users import Transcript
from negosim.rl._ends import read_end
from negosim.rl.evaluation._play import Failed
from negosim.rl.policy import BATCH, Policy, Prefix, Sampling
from negosim.seeding import Seed


@dataclass(frozen=True)
class PolicyAgent:
    """Speaks as a policy does, guided by its Q values where it has any."""

    policy: Policy
    seed: int = 0
    sampling: Sampling | None = None
    """How it speaks; as is stored with it where None."""

    @classmethod
    def load(cls, folder: str, seed: int, decoding: Mapping[str, float] | None = None) -> Self:
        """Load a policy; `decoding` has what is to differ from the settings stored with it.

        Raises:
            UserError: no policy is there, or it is damaged.

        """
        policy = Policy.load(folder)
        return cls(
            policy, seed, Sampling.model_validate({**policy.card.decoding.model_dump(), **(decoding or {})})
        )

    @property
    def decoding(self) -> str:
        """How it speaks, as tables say it."""
        used = self.sampling or self.policy.card.decoding
        stored = self.policy.card.decoding
        beta = stored.advantage if used.advantage is None else used.advantage
        return (
            f"beta {beta:g}, top_k {used.top_k}, min_p {used.min_p:g}, "
            f"temperature {used.temperature:g}, max_tokens {used.max_tokens}"
        )

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
