"""Batches of a policy's turns: what several dialogues wait for is said at once."""

import asyncio
import time
from dataclasses import dataclass

from negosim.rl._trajectory import Role
from negosim.rl.policy._policy import Policy, PolicyContext, PolicyReply
from negosim.rl.training.decoding import Sampling

BATCH = 64
"""Turns decoded side by side: more take more memory and are hardly faster."""

FIRST_PATIENCE = 0.02
"""Seconds without a newcomer after which a first batch is spoken."""

PATIENCE = 0.1
"""Part of a batch's time that the next one waits for somebody more to come."""


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
        self._newcomer = asyncio.Event()
        self._speaking: asyncio.Task[None] | None = None
        self._expected = BATCH
        self._patience = FIRST_PATIENCE

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
            self._newcomer = asyncio.Event()  # one of this event loop
            self._speaking = asyncio.create_task(self._speak())
        self._newcomer.set()
        try:
            return await wanted.said
        finally:
            if wanted in self._wanted:  # who waited was cancelled
                self._wanted.remove(wanted)

    async def _speak(self) -> None:
        while self._wanted:
            await self._all_here()
            waiting, self._wanted = self._wanted, []
            begun = time.monotonic()
            for kind in dict.fromkeys((one.speaker, one.sampling) for one in waiting):
                alike = [one for one in waiting if (one.speaker, one.sampling) == kind]
                for start in range(0, len(alike), BATCH):
                    await self._say_together(alike[start : start + BATCH])
            self._patience = PATIENCE * (time.monotonic() - begun)
            self._expected = len(waiting) + len(self._wanted)

    async def _all_here(self) -> None:
        """Wait for as many dialogues as went on before, so that those which began apart come together."""
        while len(self._wanted) < min(self._expected, BATCH):
            self._newcomer.clear()
            try:
                await asyncio.wait_for(self._newcomer.wait(), self._patience)
            except TimeoutError:
                return

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
