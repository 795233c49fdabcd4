"""A trained policy as an agent: it hears the dialogue as its training showed it, and says the next turn."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from negosim.agents._protocol import Belief, Speech, Thinking
from negosim.errors import ProtocolError
from negosim.models import ModelSpec
from negosim.records import Rollout, Utterance
from negosim.views import View

if TYPE_CHECKING:
    from negosim.rl.policy import Policy, Prefix

ATTEMPTS = 5
"""Turns drawn before a turn against the rules of the table is a failure."""


class PolicyAgent:
    """Plays a role with a policy of `negosim rl train`.

    It only speaks: planners that reflect or roll out are refused before a run begins.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.model = spec.name
        self._spec = spec

    async def speak(self, view: View) -> Speech:
        """Say the next public utterance; its move is what the text's mark says."""
        from negosim.rl.policy import Sampling

        policy = _loaded(self._spec.target)
        sampling = Sampling(
            temperature=self._spec.temperature, max_tokens=min(self._spec.max_tokens, policy.card.max_length)
        )
        prefix, wrong = _prefix(view), ""
        for attempt in range(ATTEMPTS):
            seed = view.side.seed.number(view.side.index, view.turn_index, "policy", self._spec.seed, attempt)
            (reply,) = await asyncio.to_thread(policy.reply, [prefix], seeds=[seed], sampling=sampling)
            try:
                return Speech(_utterance(reply.text, view))
            except ValueError as error:
                wrong = f"{error} (it said {reply.text[:200]!r})"
        raise ProtocolError(f"{self.model}: {ATTEMPTS} turns in a row were against the rules; {wrong}")

    async def concluded(self, view: View) -> bool:
        """Say whether there is a deal, or somebody has left."""
        return view.table.deal is not None or view.table.left_by is not None

    async def reflect(self, view: View) -> str:
        """Refuse: a policy has no private thoughts."""
        self._refuse()

    async def choose_tactics(self, view: View, k: int) -> Sequence[str]:
        """Refuse: a policy has no private thoughts."""
        self._refuse()

    async def rollout(self, view: View, tactic: str) -> Rollout:
        """Refuse: a policy has no private thoughts."""
        self._refuse()

    async def think(self, view: View, k: int) -> Thinking:
        """Refuse: a policy has no private thoughts."""
        self._refuse()

    async def believe(self, view: View, other: int, attempt: int = 0) -> Belief:
        """Refuse: a policy has no private thoughts."""
        self._refuse()

    async def consolidate(self, view: View) -> Utterance:
        """Keep the draft as it is."""
        assert view.draft is not None
        return view.draft

    def _refuse(self) -> NoReturn:
        raise ProtocolError(f"{self.model} only speaks: it has no private thoughts to tell")


@lru_cache(maxsize=4)
def _loaded(folder: str) -> "Policy":
    from negosim.rl.policy import Policy

    return Policy.load(folder)


def _prefix(view: View) -> "Prefix":
    """Return the dialogue as `negosim rl prepare` writes it for a learner in this seat."""
    from negosim.rl import TrajectoryTurn, merge_turns
    from negosim.rl.policy import Prefix
    from negosim.rl.sources._marks import turn_text
    from negosim.rl.sources.runs import brief_for

    side, turns = view.side, []
    names = [role.name for role in side.roles]
    for turn in view.transcript:
        speaker = names[turn.role] if turn.role != side.index and len(names) > 2 else None
        text = turn_text(turn.text, turn.action, turn.offer, speaker=speaker, names=names)
        turns.append(TrajectoryTurn(role="agent" if turn.role == side.index else "user", text=text))
    system = brief_for(side.role, side.context, side.issues)
    return Prefix(tuple((turn.role, turn.text) for turn in merge_turns(turns)), system)


def _utterance(said: str, view: View) -> Utterance:
    """Read a turn; what is no legal move raises ValueError with the reason."""
    from negosim.rl.sources._marks import read_mark

    text, move, given = read_mark(said)
    text = text.strip() or said.strip()
    if move == "reject" or move not in view.table.moves(view.side.index):
        raise ValueError(f"the move {move!r} cannot be made now")
    if not text:
        raise ValueError("it said nothing")
    offer = view.table.check(view.side.index, move, given or None, view.side.issues)
    return Utterance(text=text, action=move, offer=offer)
