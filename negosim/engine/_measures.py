"""Measures of a dialogue: private questions to whoever plays a role, asked apart from the conversation."""

from negosim.agents import answer_of
from negosim.engine._state import DialogueContext, History, answers_of
from negosim.records import Measurement
from negosim.scenarios import Moment


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
    due = [measure for measure in context.scenario.measures if moment in measure.when]
    if not due:
        return []
    roles = context.scenario.role_index
    asked = [
        (measure, role, other)
        for measure in due
        for role in measure.roles(roles)
        for other in measure.targets(role, len(roles))
    ]
    answers = await answers_of(
        answer_of(context.participants[role].agent, context.view(history, role), measure, other)
        for measure, role, other in asked
    )
    turns = len(history["turns"])
    made = []
    for (measure, role, other), answer in zip(asked, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        about = {"measure": measure.id, "role": role, "about": other, "moment": moment, "turns": turns}
        made.append(Measurement.model_validate({**about, **vars(answer)}))
    return made
