"""Steps of a dialogue, apart from what drives them: stages and record of a turn, votes, what comes next."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from negosim.agents import Agent, ends_by_leaving, self_directed
from negosim.config import SAFETY_STOP
from negosim.engine._measures import ask_measures
from negosim.engine._planners import PlannerStage, speak
from negosim.engine._state import (
    Deliberation,
    DialogueContext,
    History,
    StageError,
    answers_of,
    history_after,
)
from negosim.errors import ModelError, ProtocolError, UserError
from negosim.records import MARKS, End, Turn, Vote

Step = Literal["turn", "vote", "__end__"]
"""What comes next; the last is LangGraph's name of the end."""

END: Step = "__end__"


def begun_with(history: History, context: DialogueContext) -> Step:
    """Open the dialogue, or take it up where it stands."""
    if not history["turns"]:
        return "turn"
    voted = history["votes"] and history["votes"][-1].after_turn == len(history["turns"]) - 1
    return (after_vote if voted else after_turn)(history, context)


def opened(history: History, context: DialogueContext) -> Deliberation:
    """Return the beginning of a turn: what the role sees that speaks next."""
    return Deliberation(view=context.view(history, context.next_speaker(history)))


async def deliberate(
    stage: PlannerStage, turn: Deliberation, context: DialogueContext, *, last: bool
) -> Deliberation:
    """Take a stage of a turn. A self-directed agent has no stages: all it does is to speak, at the last.

    Raises:
        StageError: the stage failed for good.

    """
    view = turn["view"]
    participant = context.participants[view.side.index]
    try:
        if passes_by(participant.agent, stage):
            return turn | await speak(turn, participant, context) if last else turn
        return _with_made(turn, await stage.run(turn, participant, context), stage, last=last)
    except (ModelError, ProtocolError) as error:
        raise StageError(stage.name, error, turn=view.turn_index, role=view.side.index) from error


def _with_made(turn: Deliberation, made: Any, stage: PlannerStage, *, last: bool) -> Deliberation:
    """Add what a stage returned to a turn.

    Raises:
        UserError: it returned something else than parts of a turn, or the last stage leaves nothing to say.

    """
    parts = Deliberation.__annotations__
    if not isinstance(made, dict) or made.keys() - parts:
        odd = ", ".join(map(repr, made.keys() - parts)) if isinstance(made, dict) else repr(made)
        raise UserError(
            f"a planner's stage {stage.name!r} returned {odd}; it returns a dict of {', '.join(parts)}"
        )
    whole = cast(Deliberation, turn | made)
    if last and "speech" not in whole:
        raise UserError(
            f"a planner ends with stage {stage.name!r} and nobody has spoken: no stage returned 'speech'; "
            "let negosim.planners.SPEAK be among them"
        )
    return whole


def passes_by(agent: Agent, stage: PlannerStage) -> bool:
    """Tell whether a stage is none of an agent's: it decides by itself what to say.

    Unless it has what the stage needs: an embedded persuader that can search does so.
    """
    return self_directed(agent) and not (stage.needs is not None and isinstance(agent, stage.needs))


def nobody_plans(context: DialogueContext, chain: Sequence[PlannerStage]) -> bool:
    """Tell whether no turn has stages: all participants decide by themselves what to say."""
    agents = [participant.agent for participant in context.participants]
    return all(passes_by(agent, stage) for agent in agents for stage in chain)


def nobody_votes(context: DialogueContext) -> bool:
    """Tell whether there are no votes: who is self-directed ends a dialogue by leaving, for all."""
    return any(ends_by_leaving(participant.agent) for participant in context.participants)


async def recorded(made: Deliberation, history: History, context: DialogueContext) -> History:
    """Put a turn on record, with what is measured at each turn, and return what has happened then."""
    view, speech = made["view"], made["speech"]
    turn = _record(made)
    step = History(turns=[turn], table=view.table.after(turn.role, speech.utterance))
    said = history_after(history, step)
    if measurements := await ask_measures(said, context, "each_turn"):
        step["measurements"] = measurements
    return history_after(history, context.add(turn.index, step))


async def voted(history: History, context: DialogueContext) -> History:
    """Ask for votes and return what has happened then."""
    added = context.add(len(history["turns"]) - 1, await cast_votes(history, context))
    return history_after(history, added)


def _record(made: Deliberation) -> Turn:
    view, speech = made["view"], made["speech"]
    draft = view.draft.text if view.draft else None
    marks = {*made.get("marks", ()), *speech.marks}
    own_choice = view.chosen is None or "dropped" in marks
    return Turn(
        index=view.turn_index,
        role=view.side.index,
        reflection=view.reflection or speech.reflection,
        rollouts=view.rollouts,
        chosen=view.chosen,
        tactic=speech.tactic if own_choice else view.rollouts[view.chosen or 0].tactic,
        realised=speech.realised,
        leaves_for=speech.leaves_for,
        draft=draft if draft != speech.utterance.text else None,
        utterance=speech.utterance,
        marks=tuple(mark for mark in MARKS if mark in marks),
        asides=speech.asides,
        floor=speech.floor,
        claims=speech.claims,
    )


def after_turn(history: History, context: DialogueContext) -> Step:
    """Go on, ask for votes after a full round if the talk can be over, or end where somebody left.

    Where somebody is self-directed nobody votes: who wants to end says so by leaving.
    """
    if history["table"].left_by is not None:
        return END
    count = len(history["turns"])
    if (
        not nobody_votes(context)
        and count % len(context.participants) == 0
        and (context.votes == "always" or can_be_over(history, len(context.participants)))
    ):
        return "vote"
    return END if count >= _cap(context.max_turns) else "turn"


FIRST_ROUNDS = 2
"""Rounds after which nobody is asked whether the talk is over, unless there is a deal."""


def can_be_over(history: History, roles: int) -> bool:
    """Tell whether asking for votes is worth its calls.

    It is where there is a deal, and after a round without progress that is not among the first: nobody in it
    accepted anything, or offered what had not been offered before.
    """
    if history["table"].deal is not None:
        return True
    turns = history["turns"]
    earlier, last = turns[:-roles], turns[-roles:]
    offered = [turn.utterance.offer for turn in earlier if turn.utterance.action == "offer"]
    progress = any(
        turn.utterance.action not in ("talk", "offer")
        or (turn.utterance.action == "offer" and turn.utterance.offer not in offered)
        for turn in last
    )
    return len(earlier) >= FIRST_ROUNDS * roles and not progress


async def cast_votes(history: History, context: DialogueContext) -> History:
    """Ask every role, all at once, whether it has concluded the conversation; who has left has."""
    count = len(history["turns"])
    asked = [role for role in range(len(context.participants)) if role not in history["table"].gone]
    answers = await answers_of(
        context.participants[role].agent.concluded(context.view(history, role)) for role in asked
    )
    concluded = [True] * len(context.participants)
    for role, answer in zip(asked, answers, strict=True):
        if isinstance(answer, ModelError | ProtocolError):
            raise StageError("conclude", answer, turn=count, role=role) from answer
        if isinstance(answer, BaseException):
            raise answer
        concluded[role] = answer
    votes = [Vote(after_turn=count - 1, concluded=tuple(concluded))]
    return History(votes=votes, end="concluded") if all(concluded) else History(votes=votes)


def after_vote(history: History, context: DialogueContext) -> Step:
    """End when all have concluded or the cap is reached."""
    over = "end" in history or len(history["turns"]) >= _cap(context.max_turns)
    return END if over else "turn"


def end_of(history: History, max_turns: int) -> End:
    """Name why a finished dialogue ended."""
    if "end" in history:
        return history["end"]
    if history["table"].left_by is not None:
        return "walk_away"
    return "max_turns" if max_turns else "safety_stop"


def _cap(max_turns: int) -> int:
    return max_turns or SAFETY_STOP
