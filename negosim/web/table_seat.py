"""A seat in a browser: what the person there sees, and what is waited for from them."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from negosim.agents import SAID_ANYWAY, Seat, Speech, can_give_floor_to, can_tell_aside, check_besides
from negosim.records import Aside, Dialogue, Turn, Utterance
from negosim.scenarios import Answer, Measure, Scenario, belief_from
from negosim.views import View

LONGEST = 4000
"""Characters of an utterance."""
CATCH_UP = 60.0
"""Seconds in which a conversation that is gone on with comes to where it was."""


@dataclass
class BrowserSeat(Seat):
    """One person's seat. A page asks what there is to see, and hands in what the person did."""

    role: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """What stands in the address of the seat; nobody can guess it."""
    scenario: Scenario | None = None
    deceptive: bool = False
    """Whether the person's brief allows lying."""
    turns: list[Turn] = field(default_factory=list)
    view: View | None = None
    """What there is to answer to, while the person is waited for."""
    measure: Measure | None = None
    """The question that is waited for, if it is one."""
    finished: Dialogue | None = None
    trouble: str = ""
    """Why the talk cannot go on for now."""
    version: int = 0
    """Grows whenever there is something new to see."""
    seen_end: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Several questions may be due at a time; a person answers one after the other."""
    _asked: int = 0
    """How many questions there have been."""
    _given: "asyncio.Future[Speech | Answer] | None" = None
    _taken: str = ""
    """What was handed in last answered this."""

    @property
    def step(self) -> str:
        """Return what is waited for, so that nothing handed in twice or too late counts."""
        if self.view is None:
            return ""
        asked = f"-{self.measure.id}-{self._asked}" if self.measure else ""
        return f"{self.view.turn_index}{asked}"

    async def speak(self, view: View) -> Speech:
        """Wait for the person's next utterance."""
        given = await self._wait(view, None)
        assert isinstance(given, Speech)
        return given

    async def answer(self, view: View, measure: Measure) -> Answer | None:
        """Wait for the person's answer to a private question."""
        given = await self._wait(view, measure)
        return None if isinstance(given, Speech) else given

    async def _wait(self, view: View, measure: Measure | None) -> Speech | Answer:
        async with self._one_at_a_time:
            self.view, self.measure = view, measure
            self._given = asyncio.get_running_loop().create_future()
            self._asked += measure is not None
            self.tell()
            try:
                return await self._given
            finally:
                self.view = self.measure = self._given = None
                self.tell()

    def give(self, step: str, given: Speech | Answer) -> bool:
        """Hand in what the person did; return whether it was waited for."""
        if self._given is None or self._given.done() or step != self.step:
            return False
        self._given.set_result(given)
        self._taken = step
        return True

    async def waits_for(self, step: str) -> bool:
        """Tell whether something is waited for.

        Right after a restart that is known once what was said before has been played again.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                while self.step != step and self._may_come(step):
                    await self.changed(self.version)
        return bool(step) and self.step == step

    def _may_come(self, step: str) -> bool:
        turn = step.partition("-")[0]
        known = turn.isdecimal() and len(turn) < 7 and int(turn) >= len(self.turns)
        return known and step != self._taken and self.finished is None and not self.trouble

    def tell(self) -> None:
        """Say that there is something new to see."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, known: int) -> int:
        """Wait until there is something newer than what is known."""
        while self.version <= known:
            await self._changed.wait()
        return self.version


def speech_from(view: View, form: dict[str, str]) -> Speech:
    """Return what a person says from the fields of a form.

    Args:
        view: what they answer to.
        form: `text`, `action`, and a value for each issue offered, as "issue-ID"; `aside` with a field
            "to-POSITION" for each listener; `floor`, the position of who speaks next.

    Raises:
        ValueError: it is against the rules; says what would be right.

    """
    utterance = _utterance_from(view, form)
    asides = tuple(_aside_from(view, form))
    floor = next((role for role in can_give_floor_to(view) if form.get("floor") == str(role)), None)
    check_besides(view, asides, floor)
    return Speech(utterance, asides=asides, floor=floor)


def _aside_from(view: View, form: dict[str, str]) -> Iterator[Aside]:
    text = form.get("aside", "").strip().replace("\r\n", "\n")
    to = tuple(role for role in can_tell_aside(view) if form.get(f"to-{role}"))
    if len(text) > LONGEST:
        raise ValueError(f"the side message has {len(text):,} characters; the longest is {LONGEST:,}")
    if bool(text) != bool(to):
        raise ValueError("a side message needs words and somebody it is for")
    if text:
        yield Aside(to=to, text=text)


def _utterance_from(view: View, form: dict[str, str]) -> Utterance:
    """Return the public words and the move.

    Raises:
        ValueError: it is against the rules; says what would be right.

    """
    action = form.get("action", "talk")
    moves = view.table.moves(view.side.index)
    if action not in ("talk", "offer", "accept", "walk_away") or action not in moves:
        raise ValueError(f"that move cannot be made now; choose one of {', '.join(moves)}".replace("_", " "))
    text = form.get("text", "").strip().replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise ValueError(f"what you say has {len(text):,} characters; the longest is {LONGEST:,}")
    offer = None
    if action == "offer":
        fields = {name: value for name, value in form.items() if name.startswith("issue-") and value}
        offer = {name.removeprefix("issue-"): value for name, value in fields.items()}
    text = text or SAID_ANYWAY.get(action, "")
    if not text:
        raise ValueError("write what you want to say")
    parsed = view.table.check(view.side.index, action, offer, view.side.issues)
    return Utterance(text=text, action=action, offer=parsed)


def answer_from(view: View, measure: Measure, form: dict[str, str]) -> Answer:
    """Return a person's answer to a measure from the fields of a form.

    Args:
        view: what the person sees.
        measure: what they are asked.
        form: `answer`; for a belief, a number for each issue besides, as "issue-ID".

    Raises:
        ValueError: it is none; says what would be right.

    """
    given = form.get("answer", "").strip()
    if measure.answer == "belief":
        return belief_from(given, {issue.id: form.get(f"issue-{issue.id}", "") for issue in view.side.issues})
    if measure.answer == "yes_no":
        return measure.parse({"yes": True, "no": False}.get(given, given))
    if measure.answer == "scale":
        return measure.parse(int(given) if given.lstrip("-").isdecimal() else given)
    return measure.parse(given)
