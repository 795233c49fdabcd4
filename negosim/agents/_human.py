"""A person as an agent: whoever sits at a seat, in a terminal or a browser, is asked and waited for."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Protocol

from negosim.agents._protocol import AgentContext, AgentFactory, Speech
from negosim.errors import UserError
from negosim.models import ModelSpec, Usage
from negosim.records import HUMAN as HUMAN
from negosim.records import Aside, Utterance
from negosim.scenarios import Answer, Measure
from negosim.views import View

SAID_ANYWAY = {
    "accept": "I accept your offer.",
    "walk_away": "I am leaving now.",
    "offer": "This is my offer.",
}
"""What is said where a person makes a move without a word."""


BELIEF_LIMIT = (
    "Between their worst deal (0) and their best (100): how good must a deal be before they take it?"
)
BELIEF_SHARE = "Divide 100 points by what matters to them:"
"""How a person is asked for a belief: its reservation value, and each issue's share."""


class Seat(Protocol):
    """Where a person sits: asks for what they say, and waits."""

    async def speak(self, view: View) -> Utterance | Speech:
        """Return what the person says next; within the rules of `view.table`.

        A `Speech` has side messages and who speaks next besides, where `can_tell_aside` and
        `can_give_floor_to` name somebody.
        """
        ...

    async def answer(self, view: View, measure: Measure) -> Answer | None:
        """Return the person's answer to a private question."""
        ...


def can_tell_aside(view: View) -> tuple[int, ...]:
    """Return the positions of the roles that the speaker can send side messages to."""
    return _present(view) if view.side.side_messages else ()


def can_give_floor_to(view: View) -> tuple[int, ...]:
    """Return the positions of the roles that the speaker, as the chair, can give the floor to."""
    return _present(view) if view.side.order.names_next(view.side.index) else ()


def _present(view: View) -> tuple[int, ...]:
    return tuple(role for role in view.side.others if role not in view.table.gone)


def check_besides(view: View, asides: Sequence[Aside], floor: int | None) -> None:
    """Check what goes with an utterance.

    Raises:
        ValueError: a side message or the floor cannot go to whom it is meant for.

    """
    for aside in asides:
        if not set(aside.to) <= set(can_tell_aside(view)):
            raise ValueError("a side message goes to others who are still there, where there are any")
    if floor is not None and floor not in can_give_floor_to(view):
        raise ValueError("the floor is the chair's to give, to somebody who is still there")


Seats = Callable[[int], Seat]
"""Returns the seat of a role, by its position."""

_SEATS: ContextVar[Seats | None] = ContextVar("seats", default=None)


@contextmanager
def seated(seats: Seats) -> Iterator[None]:
    """Let people play the roles of participants called "human" while the block runs.

    Args:
        seats: returns the seat of a role.

    Examples:
        >>> import negosim
        >>> from negosim.agents import seated
        >>> from negosim.records import HUMAN, Utterance
        >>> class Reader:
        ...     async def speak(self, view):
        ...         return Utterance(text="I have to think about it.", action="walk_away")
        ...
        ...     async def answer(self, view, measure):
        ...         return None
        >>> config = negosim.RunConfig(scenarios="viatex", models=["human", "sim"])
        >>> with seated(lambda role: Reader()):
        ...     run = negosim.generate(config, out="with-a-person")
        >>> [(dialogue.models, dialogue.end) for dialogue in run]
        [(('human', 'sim'), 'walk_away')]

    """
    token = _SEATS.set(seats)
    try:
        yield
    finally:
        _SEATS.reset(token)


class HumanAgent:
    """Plays a role by asking the person at a seat. How long each answer took is on record."""

    model = HUMAN
    self_directed = True
    votes = True

    def __init__(self, context: AgentContext, seats: Seats) -> None:
        """Take the role, and where people sit."""
        self._context, self._seats = context, seats

    async def speak(self, view: View) -> Speech:
        """Return what the person says."""
        started = time.perf_counter()
        given = await self._seats(view.side.index).speak(view)
        self._enter("speak", view, started)
        said = given if isinstance(given, Speech) else Speech(given)
        action = said.utterance.action
        offer = view.table.check(view.side.index, action, said.utterance.offer, view.side.issues)
        check_besides(view, said.asides, said.floor)
        return replace(said, utterance=said.utterance.model_copy(update={"offer": offer}))

    async def concluded(self, view: View) -> bool:
        """Say whether there is a deal with this role in it; without one, a person who wants to end leaves."""
        return view.table.in_deal(view.side.index)

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
        """Return the person's answer to a private question."""
        started = time.perf_counter()
        given = await self._seats(view.side.index).answer(view, measure)
        self._enter("measure", view, started)
        issues = [issue.id for issue in view.side.issues]
        return None if given is None else measure.parse(given, issues)

    def _enter(self, stage: str, view: View, started: float) -> None:
        if self._context.ledger is not None:
            seconds = time.perf_counter() - started
            role = view.side.index
            self._context.ledger.add(
                stage=stage, role=role, model=HUMAN, calls=0, usage=Usage(), seconds=seconds
            )


def _complete(spec: ModelSpec) -> ModelSpec:
    if spec != ModelSpec(kind=HUMAN):
        raise UserError(f"a person takes no settings; write {HUMAN!r}")
    return spec


def _make(context: AgentContext) -> HumanAgent:
    seats = _SEATS.get()
    if seats is None:
        raise UserError(
            f"{HUMAN} is a person, who needs a seat: negosim play SCENARIO, in the terminal or with --web"
        )
    return HumanAgent(context, seats)


PERSON = AgentFactory(_make, usage=HUMAN, about="a person, by negosim play", complete=_complete)
