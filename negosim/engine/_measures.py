"""Measures of a dialogue: private questions to whoever plays a role, asked apart from the conversation."""

from negosim.agents import Answers
from negosim.engine._state import DialogueContext, History, answers_of
from negosim.errors import ModelError, ProtocolError
from negosim.records import Measurement
from negosim.scenarios import Answer, Measure, Moment


async def ask_measures(history: History, context: DialogueContext, moment: Moment) -> list[Measurement]:
    """Ask every role what the scenario asks of it at a moment, all at once.

    What a role sees is what it sees when it speaks next; no answer is ever part of a view. An answer that
    cannot be had is recorded as such and ends nothing.

    Args:
        history: what has been said.
        context: what the dialogue is played with.
        moment: which measures are due.

    Returns:
        The answers, in the order of the scenario's measures and the roles each is asked of.

    Raises:
        ModelError: every other call would fail likewise.

    """
    index = context.scenario.role_index
    asked = [
        (measure, role)
        for measure in context.scenario.measures
        if moment in measure.when
        for role in measure.roles(index)
    ]
    if not asked:
        return []
    answers = await answers_of(_answer(history, context, measure, role) for measure, role in asked)
    turns = len(history["turns"])
    return [
        _recorded(answer, Measurement(measure=measure.id, role=role, moment=moment, turns=turns, **NONE))
        for (measure, role), answer in zip(asked, answers, strict=True)
    ]


NONE = {"status": "not_applicable", "reason": "what plays this role answers no such question"}


async def _answer(history: History, context: DialogueContext, measure: Measure, role: int) -> Answer | None:
    agent = context.participants[role].agent
    if not isinstance(agent, Answers):
        return None
    return await agent.answer(context.view(history, role), measure)


def _recorded(answer: Answer | BaseException | None, blank: Measurement) -> Measurement:
    """Put what came of a question on record."""
    if answer is None:
        return blank
    if isinstance(answer, ProtocolError):
        return _failed(blank, "refused" if answer.refused else "invalid", answer)
    if isinstance(answer, ModelError) and not answer.concerns_all:
        return _failed(blank, "error", answer)
    if isinstance(answer, BaseException):
        raise answer
    return Measurement.model_validate(blank.model_dump() | {"status": "ok", "value": answer, "reason": ""})


def _failed(blank: Measurement, status: str, error: ModelError | ProtocolError) -> Measurement:
    return Measurement.model_validate(blank.model_dump() | {"status": status, "reason": error.for_record})
