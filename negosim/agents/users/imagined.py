"""Dialogues imagined whole: one chat model writes all sides in one go, and the roles read its lines out."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from negosim.agents._answers import SpokenAnswer, speak_answer
from negosim.agents._chat import ChatAgent, spoken
from negosim.agents._protocol import AgentContext, AgentFactory, Script, Speech
from negosim.agents.users.chat_user import ChatUser
from negosim.agents.users.seats import seat_of, user_of
from negosim.config import DEFAULT_CAP
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.records import Action, Utterance
from negosim.scenarios import Answer, Measure
from negosim.views import View

SETTLING: tuple[Action, ...] = ("talk", "offer", "accept", "walk_away")
TALKING: tuple[Action, ...] = ("talk", "walk_away")


class ScriptAnswer(BaseModel):
    """What `imagine` asks for; `_script_form` says what a line is."""

    model_config = ConfigDict(extra="forbid")

    lines: list[Any]
    ended: bool


class ImaginedAgent:
    """One role of a dialogue that a chat model writes whole, knowing every side's brief.

    A simulated user's role is the person that the embedded user of the same number is. What the scenario asks
    in private is answered as the role would, from what was said; where the dialogue stands elsewhere than
    the script says, as after an interruption, the rest is written anew.
    """

    self_directed = True

    def __init__(self, context: AgentContext) -> None:
        """Take the role; the script is shared with the others."""
        self.model = context.spec.name
        self.votes = bool(context.side.issues)
        self._context = context
        if context.script is not None:
            context.script.parts.append(self)

    async def speak(self, view: View) -> Speech:
        """Say the next line of the script."""
        script, at = self._script, len(view.transcript)
        said = [(turn.role, turn.text) for turn in view.transcript]
        known = [(role, line.text) for role, line in script.lines]
        if known[:at] != said or len(known) == at or known[at][0] != view.side.index:
            await self._write(view)
        line, rest = script.lines[at][1], script.lines[at + 1 :]
        if not rest and script.ended and not view.side.issues:
            line = line.model_copy(update={"action": "walk_away"})
        floor = rest[0][0] if rest and view.side.order.names_next(view.side.index) else None
        return Speech(line, floor=floor)

    async def concluded(self, view: View) -> bool:
        """Say whether the script is read out."""
        return self._script.ended and len(view.transcript) >= len(self._script.lines)

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
        """Answer a measure in the role's place."""
        return await (self._person or self._chat).answer(view, measure, about, attempt)

    @property
    def _script(self) -> Script:
        assert self._context.script is not None
        return self._context.script

    @cached_property
    def _chat(self) -> ChatAgent:
        assert self._context.chat is not None
        return cast(ChatAgent, self._context.chat())

    @cached_property
    def _person(self) -> ChatUser | None:
        """Who plays the role where it is a simulated user's."""
        seat = seat_of(self._context.side.role)
        return ChatUser(self._context, user_of(self._context.side, "")) if seat and seat.user else None

    @property
    def told(self) -> dict[str, Any]:
        """What the model is told of the role: its position, its brief, and whether it may lie."""
        side, chat = self._context.side, self._person.chat if self._person else self._chat
        public = side.roles[side.index]
        return {
            "position": public.position,
            "role": chat.role,
            "deceptive": side.deceptive,
            "traits": side.traits,
        }

    async def _write(self, view: View) -> None:
        """Have the rest of the dialogue written, from where it stands."""
        side, script = view.side, self._script
        room = (side.max_turns or DEFAULT_CAP) - len(view.transcript)
        form = _script_form(
            speak_answer(
                side.issues,
                SETTLING if side.issues else TALKING,
                whole=view.table.by_coalition,
                thoughts={"speaker": Literal[tuple(role.id for role in side.roles)]},
            ),
            max(1, room),
        )
        answer = await self._chat.ask(
            "imagine",
            view,
            form,
            check=lambda answer: _check(answer, view, room),
            sides=[part.told for part in script.parts],
            room=room,
        )
        before = [(turn.role, Utterance(text=turn.text)) for turn in view.transcript]
        script.lines = [*before, *_lines(answer.lines, view)]
        script.ended = answer.ended


@lru_cache(maxsize=64)
def _script_form(line: type[SpokenAnswer], room: int) -> type[ScriptAnswer]:
    lines: Any = Annotated[list[line], Field(min_length=1, max_length=room)]  # type: ignore[valid-type]
    return create_model("Script", __base__=ScriptAnswer, lines=(lines, ...))


def _lines(answers: Sequence[Any], view: View) -> list[tuple[int, Utterance]]:
    """Return the lines of an answer as they are said.

    Raises:
        ValueError: a move is against the rules, or nothing is said.

    """
    ids = [role.id for role in view.side.roles]
    table, lines = view.table, list[tuple[int, Utterance]]()
    for number, answer in enumerate(answers, 1):
        role = ids.index(answer.speaker)
        if table.left_by is not None:
            raise ValueError(f"lines.{number}: the conversation is over before; end with the line before")
        try:
            offer = table.check(role, answer.action, answer.offer, view.side.issues)
        except ValueError as error:
            raise ValueError(f"lines.{number}: {error}") from None
        text = spoken(answer.utterance, view, role)
        if not text:
            raise ValueError(f"lines.{number}: the utterance is empty; write what is said")
        lines.append((role, Utterance(text=text, action=answer.action, offer=offer)))
        table = table.after(*lines[-1])
    return lines


def _check(answer: ScriptAnswer, view: View, room: int) -> None:
    """Refuse what is no dialogue.

    Raises:
        ValueError: says what is wrong, for the model.

    """
    lines = _lines(answer.lines, view)
    if lines[0][0] != view.side.index:
        raise ValueError(f"lines.1: {view.side.roles[view.side.index].name} speaks first")
    for number, (before, after) in enumerate(pairwise(lines), 2):
        if before[0] == after[0]:
            raise ValueError(f"lines.{number}: somebody speaks twice in a row; join the two lines")
    if not answer.ended and len(lines) < room:
        raise ValueError("the conversation is neither over nor at its longest; write it to its end")


def _named(spec: ModelSpec) -> ModelSpec:
    if not spec.target:
        raise UserError("lacks the model that writes the dialogues; write imagined:openai:NAME")
    return spec


def _through(name: str) -> str:
    return name.partition(":")[2]


IMAGINED = AgentFactory(
    ImaginedAgent,
    usage="imagined:MODEL",
    about="all roles of a dialogue, which a chat model writes in one go",
    complete=_named,
    through=_through,
    plays_all=True,
)
