"""Putting a private question to whoever plays a role: during a dialogue, or afterwards from its record."""

from dataclasses import dataclass

from negosim.agents._protocol import Agent, Answers
from negosim.errors import ModelError, ProtocolError
from negosim.records import Status
from negosim.scenarios import Answer, Measure
from negosim.views import View


@dataclass(frozen=True)
class Answered:
    """What came of a question."""

    status: Status
    value: Answer | None = None
    """None unless the status is "ok"."""
    reason: str = ""
    """Where the status is not "ok": what was wrong, in negosim's own words."""


NOT_ANSWERED = Answered("not_applicable", reason="what plays this role answers no such question")


async def answer_of(
    agent: Agent, view: View, measure: Measure, about: int | None = None, attempt: int = 0
) -> Answered:
    """Ask an agent a private question; an answer that cannot be had is a status and ends nothing.

    Args:
        agent: what plays the role.
        view: what the role sees at the moment it is asked about.
        measure: the question.
        about: position of the role it is about, where it is about one.
        attempt: tells repeated questions apart.

    Raises:
        ModelError: every other call would fail likewise.

    """
    if not isinstance(agent, Answers):
        return NOT_ANSWERED
    named = measure.put(None if about is None else view.side.roles[about].name)
    # Agents need not know of what their scenario does not ask.
    plain = about is None and not attempt
    try:
        given = await (
            agent.answer(view, named) if plain else agent.answer(view, named, about=about, attempt=attempt)
        )
        if given is None:
            return NOT_ANSWERED
        return Answered("ok", measure.parse(given, [issue.id for issue in view.side.issues]))
    except ValueError as error:
        return Answered("invalid", reason=str(error))
    except ProtocolError as error:
        return Answered("refused" if error.refused else "invalid", reason=error.for_record)
    except ModelError as error:
        if error.concerns_all:
            raise
        return Answered("error", reason=error.for_record)
