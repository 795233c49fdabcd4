"""Batches of a policy's turns: what several dialogues wait for is said at once."""

import asyncio
from dataclasses import dataclass

from negosim.rl._trajectory import Role
from negosim.rl.policy._policy import Policy, PolicyContext, PolicyReply
from negosim.rl.training.decoding import Sampling

BATCH = 64
"""Turns decoded side by side: more take more memory and are hardly faster."""

SETTLED = 3
"""Rounds of the event loop without a newcomer after which a batch is spoken."""


@dataclass(eq=False)
class _Wanted:
    """A turn to be said."""

    prefix: PolicyContext
    seed: int
    speaker: Role
    sampling: Sampling | None
    said: "asyncio.Future[PolicyReply]"


class TurnBatcher:
    """Collects the turns that are wanted at a time and has them said in batches.

    A turn depends on its prefix and seed, and on those beside it by rounding errors only.
    """

    def __init__(self, policy: Policy) -> None:
        """Take the policy."""
        self.policy = policy
        self._wanted: list[_Wanted] = []
        self._speaking: asyncio.Task[None] | None = None

    async def say(
        self, prefix: PolicyContext, seed: int, *, speaker: Role = "agent", sampling: Sampling | None = None
    ) -> PolicyReply:
        """Say the next turn of one dialogue, as `Policy.reply` does.

        Raises:
            UserError: the context has no room for the dialogue's system prompt.

        """
        wanted = _Wanted(prefix, seed, speaker, sampling, asyncio.get_running_loop().create_future())
        self._wanted.append(wanted)
        if self._speaking is None or self._speaking.done():
            self._speaking = asyncio.create_task(self._speak())
        try:
            return await wanted.said
        finally:
            if wanted in self._wanted:  # who waited was cancelled
                self._wanted.remove(wanted)

    async def _speak(self) -> None:
        while self._wanted:
            await self._all_here()
            waiting, self._wanted = self._wanted, []
            for kind in dict.fromkeys((one.speaker, one.sampling) for one in waiting):
                alike = [one for one in waiting if (one.speaker, one.sampling) == kind]
                for start in range(0, len(alike), BATCH):
                    await self._say_together(alike[start : start + BATCH])

    async def _all_here(self) -> None:
        """Wait until nobody else comes: dialogues that go on at the same time are heard together."""
        count = idle = 0
        while idle < SETTLED and count < BATCH:
            await asyncio.sleep(0)
            idle = idle + 1 if len(self._wanted) == count else 0
            count = len(self._wanted)

    async def _say_together(self, batch: list[_Wanted]) -> None:
        try:
            replies = await asyncio.to_thread(
                self.policy.reply,
                [one.prefix for one in batch],
                seeds=[one.seed for one in batch],
                sampling=batch[0].sampling,
                speaker=batch[0].speaker,
            )
        except Exception as error:
            for one in batch:
                if not one.said.done():
                    one.said.set_exception(error)
        else:
            for one, reply in zip(batch, replies, strict=True):
                if not one.said.done():
                    one.said.set_result(reply)
