"""Users played by a chat model: the persons that the embedded users are, given to it as their brief."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from negosim.agents._chat import ChatAgent
from negosim.agents._protocol import AgentContext, AgentFactory, Speech
from negosim.agents.users.persuadee import Persuadee
from negosim.agents.users.seats import misplaced, needed_seat, split_personas, user_of
from negosim.agents.users.seeker import Seeker
from negosim.agents.users.talk import Transcript
from negosim.agents.users.user import SimUser
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.records import Utterance
from negosim.scenarios import Answer, Measure
from negosim.views import View


class ChatUser:
    """A donor or help-seeker played by a chat model; it ends the dialogue by leaving.

    Persona, problem, first words and distress at the beginning are those of the embedded user of the same
    number: a matched person, who speaks by himself.
    """

    self_directed = True

    def __init__(self, context: AgentContext, person: SimUser) -> None:
        """Take who it is."""
        self.model = context.spec.name
        self._context = context
        self._person = person

    @cached_property
    def chat(self) -> ChatAgent:
        """What speaks: the chat model, told who it is."""
        assert self._context.chat is not None
        made = self._context.chat(f"user-{self._context.side.role.simulated}", **self._values())
        return cast(ChatAgent, made)

    def _values(self) -> Mapping[str, Any]:
        mind = self._person.mind
        if isinstance(mind, Seeker):
            return {
                "problem": mind.problem,
                "story": [mind.situation.opening, *mind.situation.story],
                "intensity": mind.initial,
                "temperament": mind.temperament,
            }
        assert isinstance(mind, Persuadee)
        return {"persona": self._person.persona}

    async def speak(self, view: View) -> Speech:
        """Say the next words; where the user opens, those of the embedded one."""
        if not view.transcript and isinstance(self._person.mind, Seeker):
            return Speech(Utterance(text=self._person.reply(Transcript("", None)).text or ""))
        return await self.chat.speak(view)

    async def concluded(self, view: View) -> bool:
        """Say whether it has left."""
        return view.table.left_by is not None

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
        """Answer a measure: before the first word as the embedded user, then by prompt."""
        if not view.transcript and about is None:
            given = self._person.mind.answer(measure.id, before=True)
            if given is not None:
                return measure.parse(given)
        return await self.chat.answer(view, measure, about, attempt)


def _make(context: AgentContext) -> ChatUser:
    side = context.side
    if not needed_seat(side, context.spec).user:
        raise misplaced(context.spec, side, "a user", "a chat model by its own name")
    return ChatUser(context, user_of(side, split_personas(context.spec.target)[0]))


def _complete(spec: ModelSpec) -> ModelSpec:
    if not split_personas(spec.target)[1]:
        raise UserError("lacks the model that plays the user; write chat:openai:NAME")
    return spec


def _through(name: str) -> str:
    return split_personas(name.partition(":")[2])[1]


CHAT = AgentFactory(
    _make,
    usage="chat:[PERSONA+PERSONA:]MODEL",
    about="a donor or help-seeker whom a chat model plays, of personas in turn",
    complete=_complete,
    through=_through,
)
