"""Embedded users and those who talk with them as agents: what they say follows from the view and the seed."""

from typing import NamedTuple

from negosim.agents._protocol import AgentContext, AgentFactory, Speech
from negosim.agents.users._making import persona_names, sim_agent, sim_user
from negosim.agents.users._persuader import SimPersuader
from negosim.agents.users._recognise import strategies_in
from negosim.agents.users._supporter import SimSupporter
from negosim.agents.users._talk import Line, Transcript
from negosim.agents.users._user import SimUser
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.plugins import suggest
from negosim.records import Utterance
from negosim.scenarios import Answer, Measure
from negosim.views import Side, View

APART = 10_000_000
"""Seeds of users set aside for one seed of a run, so that no two runs share a user."""

PLAN = 1.0
"""Skill of the embedded agent where it is named "sim": a good plan, and no habit."""


class Seat(NamedTuple):
    """A role that an embedded participant can play."""

    kind: str
    """Of the conversation: "donation" or "support"."""
    user: bool
    """Whether it is the user, whom the agent talks to."""


SEATS = {
    "persuader": Seat("donation", user=False),
    "donor": Seat("donation", user=True),
    "supporter": Seat("support", user=False),
    "help-seeker": Seat("support", user=True),
}
"""By what a role of a scenario is `simulated` as."""


class UserAgent:
    """A simulated donor or help-seeker: it ends the dialogue by leaving, with its last words."""

    self_directed = True

    def __init__(self, user: SimUser, model: str = "user") -> None:
        """Take the user, which can be given any transcript, and how records name it."""
        self.model = model
        self._user = user

    async def speak(self, view: View) -> Speech:
        """Answer what was said last; where the user opens, say the first words."""
        reply = self._user.reply(_transcript(view, user=True))
        gone = reply.end or reply.text is None
        text = reply.text or "(leaves without a word)"
        return Speech(Utterance(text=text, action="walk_away" if gone else "talk"))

    async def concluded(self, view: View) -> bool:
        """Say whether it has left."""
        return view.table.left_by is not None

    async def answer(self, view: View, measure: Measure) -> Answer | None:
        """Answer a measure from its state; None where it is about something else."""
        mind = self._user.hear(_transcript(view, user=True))
        given = mind.answer(measure.id, before=not view.transcript)
        return None if given is None else measure.parse(given)


class EmbeddedAgent:
    """The embedded persuader or supporter: it goes on for as long as the user does."""

    self_directed = True

    def __init__(self, agent: SimPersuader | SimSupporter, dialogue: str, model: str = "habit") -> None:
        """Take what speaks, an id of the dialogue that its chance comes from, and how records name it."""
        self.model = model
        self._agent = agent
        self._kind = "donation" if isinstance(agent, SimPersuader) else "support"
        self._dialogue = dialogue

    async def speak(self, view: View) -> Speech:
        """Say the next words; the tactic is what is recognised in them."""
        text = self._agent.speak(_transcript(view, user=False, id=self._dialogue))
        return Speech(Utterance(text=text), tactic="+".join(strategies_in(self._kind, text)) or None)

    async def concluded(self, view: View) -> bool:
        """Say that it may end whenever the other wants it to."""
        return True


def embedded_agent(context: AgentContext, *, skill: float = PLAN) -> UserAgent | EmbeddedAgent:
    """Return what plays a role that is `simulated`: any of its users, or the agent of a skill.

    Raises:
        UserError: nothing embedded can play the role.

    """
    seat = _seat(context.side, context.spec)
    return _user(context, "") if seat.user else _agent(context, skill)


def _user(context: AgentContext, persona: str) -> UserAgent:
    side = context.side
    kind, is_user = _seat(side, context.spec)
    if not is_user:
        raise UserError(_misplaced(context.spec, side, "a user", "habit:0.3 or sim"))
    names = {name.replace(" ", "-"): name for name in persona_names(kind)}
    if persona and persona not in names:
        raise UserError(f"{kind} has no user {persona!r}; {suggest(persona, names)}")
    number = _number(side)
    chosen = names[persona] if persona else list(names.values())[number % len(names)]
    return UserAgent(sim_user(kind, chosen, number), context.spec.name)


def _agent(context: AgentContext, skill: float) -> EmbeddedAgent:
    side = context.side
    kind, is_user = _seat(side, context.spec)
    if is_user:
        raise UserError(_misplaced(context.spec, side, "who talks with a user", "user or user:PERSONA"))
    agent = sim_agent(kind, skill=skill, seed=side.seed.run)
    return EmbeddedAgent(agent, f"{kind}-{_number(side)}", context.spec.name)


def _number(side: Side) -> int:
    """Return the user's number, which the dialogue's seed decides."""
    return side.seed.run * APART + side.seed.index


def _seat(side: Side, spec: ModelSpec) -> Seat:
    if side.role.simulated is None:
        raise UserError(
            f"{spec.name!r} cannot play {side.role.name} in {side.seed.scenario!r}: the scenario does not "
            "say that the role can be simulated; scenarios 'donation' and 'support' do"
        )
    return SEATS[side.role.simulated]


def _misplaced(spec: ModelSpec, side: Side, what: str, better: str) -> str:
    return (
        f"{spec.name!r} is {what}, and {side.role.name} in {side.seed.scenario!r} is not; "
        f"name {better} for that role"
    )


def _transcript(view: View, *, user: bool, id: str = "") -> Transcript:
    """Return what was said, as a conversation of an agent and a user, one of whom the view belongs to."""
    own = view.side.index
    return Transcript(
        id,
        None,
        [Line("user" if (turn.role == own) == user else "agent", turn.text) for turn in view.transcript],
    )


def _only_named(spec: ModelSpec) -> ModelSpec:
    if spec != ModelSpec(kind=spec.kind, target=spec.target):
        raise UserError(f"it takes no settings; write {spec.name!r}")
    return spec


def _with_skill(spec: ModelSpec) -> ModelSpec:
    _skill(spec)
    return _only_named(spec)


def _skill(spec: ModelSpec) -> float:
    try:
        skill = float(spec.target)
    except ValueError:
        skill = -1.0
    if not 0 <= skill <= 1:
        raise UserError(f"{spec.target!r} is no skill; write a number from 0 to 1, as habit:0.3")
    return skill


def _make_user(context: AgentContext) -> UserAgent:
    return _user(context, context.spec.target)


def _make_habit(context: AgentContext) -> EmbeddedAgent:
    return _agent(context, _skill(context.spec))


USER = AgentFactory(
    _make_user,
    usage="user[:PERSONA]",
    about="a simulated donor or help-seeker, as the seed says or of a persona; no language model",
    complete=_only_named,
)

HABIT = AgentFactory(
    _make_habit,
    usage="habit:SKILL",
    about="the embedded persuader or supporter, from blind habit (0) to a good plan (1); no language model",
    complete=_with_skill,
)
