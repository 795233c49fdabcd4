"""Embedded users and those who talk with them as agents: what they say follows from the view and the seed."""

from negosim.agents._protocol import AgentContext, AgentFactory, Speech
from negosim.agents.users.discussant import DISCUSSANT, Discussant
from negosim.agents.users.making import sim_agent
from negosim.agents.users.persuader import SimPersuader
from negosim.agents.users.recognise import strategies_in
from negosim.agents.users.search import UserWorld
from negosim.agents.users.seats import SILENT, misplaced, needed_seat, number_of, user_of
from negosim.agents.users.supporter import SimSupporter
from negosim.agents.users.talk import Line, Transcript
from negosim.agents.users.user import SimUser
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.records import Utterance
from negosim.scenarios import Answer, Measure
from negosim.views import View

PLAN = 1.0
"""Skill of the embedded agent where it is named "sim": a good plan, and no habit."""


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
        text = reply.text or SILENT
        return Speech(Utterance(text=text, action="walk_away" if gone else "talk"))

    async def concluded(self, view: View) -> bool:
        """Say whether it has left."""
        return view.table.left_by is not None

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
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

    async def world(self, view: View) -> UserWorld:
        """Return the world as the agent imagines it: users of any kind, and how each would take its words."""
        return UserWorld(self._kind, view)

    async def concluded(self, view: View) -> bool:
        """Say that it may end whenever the other wants it to."""
        return True


def embedded_agent(context: AgentContext, *, skill: float = PLAN) -> UserAgent | EmbeddedAgent | Discussant:
    """Return what plays a role that is `simulated`: any of its users, the agent of a skill, a discussant.

    Raises:
        UserError: nothing embedded can play the role.

    """
    if context.side.role.simulated == DISCUSSANT:
        return Discussant(context)
    seat = needed_seat(context.side, context.spec)
    return _user(context, "") if seat.user else _agent(context, skill)


def _user(context: AgentContext, personas: str) -> UserAgent:
    side = context.side
    if not needed_seat(side, context.spec).user:
        raise misplaced(context.spec, side, "a user", "habit:0.3 or sim")
    return UserAgent(user_of(side, personas), context.spec.name)


def _agent(context: AgentContext, skill: float) -> EmbeddedAgent:
    side = context.side
    kind, is_user = needed_seat(side, context.spec)
    if is_user:
        raise misplaced(context.spec, side, "who talks with a user", "user or user:PERSONA")
    agent = sim_agent(kind, skill=skill, seed=side.seed.run, traits=side.traits)
    number = number_of(side.seed.run, side.seed.index)
    return EmbeddedAgent(agent, f"{kind}-{number}", context.spec.name)


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
    """Return the spec with its skill in one spelling: 0.5 for 0.50."""
    return _only_named(spec).model_copy(update={"target": f"{_skill(spec):g}"})


def _skill(spec: ModelSpec) -> float:
    try:
        skill = float(spec.target)
    except ValueError:
        skill = -1.0
    if not 0 <= skill <= 1:
        raise UserError(f"{spec.target!r} is no skill; write a number from 0 to 1, as habit:0.3")
    return skill


def _make_user(context: AgentContext) -> UserAgent | Discussant:
    if context.side.role.simulated == DISCUSSANT:
        return Discussant(context)
    return _user(context, context.spec.target)


def _make_habit(context: AgentContext) -> EmbeddedAgent:
    return _agent(context, _skill(context.spec))


USER = AgentFactory(
    _make_user,
    usage="user[:PERSONA+PERSONA]",
    about="a simulated donor, help-seeker or discussant, by the seed or of personas in turn; no model",
    complete=_only_named,
)

HABIT = AgentFactory(
    _make_habit,
    usage="habit:SKILL",
    about="the embedded persuader or supporter, from blind habit (0) to a good plan (1); no language model",
    complete=_with_skill,
)
