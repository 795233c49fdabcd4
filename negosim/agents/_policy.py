"""A trained policy as an agent: it hears the dialogue as its training showed it, and says the next turn."""

from functools import lru_cache
from typing import TYPE_CHECKING

from negosim.agents._protocol import AgentContext, AgentFactory, Speech
from negosim.errors import ProtocolError, UserError
from negosim.models import ModelSpec
from negosim.records import Utterance
from negosim.views import View

if TYPE_CHECKING:
    from negosim.rl.policy import PolicyContext, TurnBatcher

DECODING = ("temperature", "max_tokens", "advantage", "top_k", "min_p")

ATTEMPTS = 5
"""Turns drawn before a turn against the rules of the table is a failure."""


class PolicyAgent:
    """Plays a role with a policy of `negosim rl train`.

    It only speaks: planners that reflect or roll out are refused before a run begins.
    """

    def __init__(self, context: AgentContext) -> None:
        """Check the folder; the policy is loaded when it speaks first.

        Raises:
            UserError: there is no policy in it, it is damaged, or training is not installed.

        """
        self.model = context.spec.name
        self._spec = context.spec
        _check(self._spec.target)

    async def speak(self, view: View) -> Speech:
        """Say the next public utterance; its move is what the text's mark says."""
        from negosim.rl.policy_text import read_end

        voice = _voice(self._spec.target)
        policy = voice.policy
        # A setting that the spec names goes before the one stored with the policy.
        stored = policy.card.decoding.model_copy(update=named_decoding(self._spec))
        sampling = stored.model_copy(update={"max_tokens": min(stored.max_tokens, policy.card.max_length)})
        prefix, wrong = _prefix(view, policy.card.system), ""
        for attempt in range(ATTEMPTS):
            seed = view.side.seed.number(view.side.index, view.turn_index, "policy", self._spec.seed, attempt)
            reply = await voice.say(prefix, seed, sampling=sampling)
            text, _ = read_end(reply.text)  # models of both sides mark where a dialogue ends
            try:
                return Speech(_utterance(text, view))
            except ValueError as error:
                wrong = f"{error} (it said {reply.text[:200]!r})"
        raise ProtocolError(f"{self.model}: {ATTEMPTS} turns in a row were against the rules; {wrong}")

    async def concluded(self, view: View) -> bool:
        """Say whether there is a deal, or somebody has left."""
        return view.table.deal is not None or view.table.left_by is not None


def named_decoding(spec: ModelSpec) -> dict[str, float]:
    """Return the settings of decoding that a spec names; what it leaves out is as stored with the policy."""
    named = {name: getattr(spec, name) for name in DECODING if name in spec.model_fields_set}
    return {name: value for name, value in named.items() if value is not None}


def _complete(spec: ModelSpec) -> ModelSpec:
    if not spec.target:
        raise UserError("lacks what follows 'policy:'; write policy:FOLDER")
    return spec


POLICY = AgentFactory(
    PolicyAgent,
    usage="policy:FOLDER",
    about="a policy trained with negosim rl train; it only speaks (--planner direct)",
    complete=_complete,
)


@lru_cache(maxsize=64)
def _check(folder: str) -> None:
    from negosim.rl.policy_files import check_policy_files

    check_policy_files(folder)  # before torch is loaded, which takes seconds
    from negosim.rl.policy import read_policy_card

    read_policy_card(folder)


@lru_cache(maxsize=4)
def _voice(folder: str) -> "TurnBatcher":
    """Return the voice that all who play with a policy share: who waits at a time is decoded together."""
    from negosim.rl.policy import Policy, TurnBatcher

    return TurnBatcher(Policy.load(folder))


def _prefix(view: View, trained: str | None = None) -> "PolicyContext":
    """Return the dialogue as `negosim rl prepare` writes it for a learner in this seat.

    Where there are no deals, published data have one brief for all, which was `trained` on.
    """
    from negosim.rl import merge_turns
    from negosim.rl.policy import PolicyContext
    from negosim.rl.policy_text import brief_for, policy_turn

    side, names = view.side, [role.name for role in view.side.roles]
    deals = bool(side.issues)
    turns = [policy_turn(turn, turn.role, side.index, names, deals=deals) for turn in view.transcript]
    brief = brief_for(side.role, side.context, side.issues)
    system = trained if trained and not side.issues else brief
    return PolicyContext(tuple((turn.role, turn.text) for turn in merge_turns(turns)), system)


def _utterance(said: str, view: View) -> Utterance:
    """Read a turn; what is no legal move raises ValueError with the reason."""
    from negosim.rl.policy_text import read_mark

    text, move, given = read_mark(said)
    text = text.strip() or said.strip()
    if move == "reject" or move not in view.table.moves(view.side.index):
        raise ValueError(f"the move {move!r} cannot be made now")
    if not text:
        raise ValueError("it said nothing")
    offer = view.table.check(view.side.index, move, given or None, view.side.issues)
    return Utterance(text=text, action=move, offer=offer)
