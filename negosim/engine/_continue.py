"""Continuing a dialogue from any place, with given participants: the one loop that plays dialogues."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from negosim.config import Calls, JudgeView, Objective, Votes
from negosim.engine._measures import ask_measures
from negosim.engine._planners import planner_of, settings_of
from negosim.engine._state import (
    DialogueContext,
    History,
    HistoryState,
    Participant,
    StageError,
    history_after,
)
from negosim.engine._steps import end_of, nobody_plans
from negosim.engine._walk import walk
from negosim.errors import ContextLengthError, ModelError
from negosim.models import Ledger
from negosim.records import Call, End, Failure, Measurement, Turn, Vote
from negosim.scenarios import Moment, Scenario
from negosim.table import Table, table_after


@dataclass(frozen=True)
class Continuation:
    """A dialogue that was played to its end."""

    turns: tuple[Turn, ...]
    """All of them, those given included."""
    votes: tuple[Vote, ...]
    calls: tuple[Call, ...]
    """What the participants entered in the ledger, in the order the calls were finished."""
    measurements: tuple[Measurement, ...]
    """What the roles answered in private; of a prefix that was given, nothing."""
    table: Table
    """The table after the last turn."""
    end: End
    """Why it ended; "failed" where a stage failed for good."""
    failure: Failure | None
    said: str = ""
    """What the model's server said, where it failed: for the user's eyes, never stored."""


async def continue_dialogue(
    scenario: Scenario,
    so_far: Sequence[Turn],
    participants: Sequence[Participant],
    *,
    planner: str = "rollout",
    calls: Calls = "separate",
    k: int = 3,
    votes: Votes = "when-over",
    objective: Objective = "joint",
    judge_view: JudgeView = "own",
    ledger: Ledger | None = None,
) -> Continuation:
    """Play a dialogue to its end, from its opening or from any turn on.

    Args:
        scenario: what it is about.
        so_far: the turns there are already, none or all from the opening on; moves within the rules.
        participants: one for each role, in the scenario's order. Their sides say who opened and how
            many utterances the dialogue may have, those so far included.
        planner: how each turn is thought through, by name.
        calls: whether the stages of a turn are asked for one by one.
        k: rollouts a turn.
        votes: when the roles are asked whether they have concluded.
        objective: what rollouts are judged by.
        judge_view: what the judges of rollouts see.
        ledger: where participants enter what they cost, if they do.

    Returns:
        The whole dialogue; a stage that fails for good ends it and is named in it.

    Raises:
        ModelError: every dialogue would fail likewise.

    Examples:
        >>> import asyncio
        >>> from negosim import load_scenario, load_taxonomy
        >>> from negosim.agents.sim import SimAgent, SimJudge
        >>> from negosim.engine import Participant, continue_dialogue
        >>> from negosim.seeding import Seed
        >>> from negosim.views import side_of
        >>> scenario = load_scenario("viatex")
        >>> taxonomies = {"tactics": load_taxonomy("persuasion"), "techniques": load_taxonomy("deception")}
        >>> rules = {"deceptive": False, "opener": 0, "max_turns": 4, "seed": Seed(1, "viatex", 0)}
        >>> sides = [side_of(scenario, role, **rules, **taxonomies) for role in (0, 1)]
        >>> participants = [Participant(SimAgent(), SimJudge(), side) for side in sides]
        >>> whole = asyncio.run(continue_dialogue(scenario, [], participants))
        >>> again = asyncio.run(continue_dialogue(scenario, whole.turns[:1], participants))
        >>> again.turns == whole.turns
        True

    """
    side = participants[0].side
    table = table_after(scenario, ((turn.role, turn.utterance) for turn in so_far))
    context = DialogueContext(
        scenario=scenario,
        participants=tuple(participants),
        calls=calls,
        k=k,
        votes=votes,
        objective=objective,
        oracle=judge_view == "oracle",
        max_turns=side.max_turns,
        ledger=ledger or Ledger(),
        settings=settings_of(planner),
    )
    return await play_on(planner, History(turns=list(so_far), votes=[], calls=[], table=table), context)


async def play_on(planner: str, begun: History, context: DialogueContext) -> Continuation:
    """Go on with a dialogue by its planner's graph; ask what is to be measured before and after it.

    Raises:
        ModelError: every dialogue would fail likewise.

    """
    history = begun if begun["turns"] else await _measured(begun, context, "before")
    try:
        async for step in _steps(planner, history, context):
            history = step
    except StageError as error:
        _raise_if_hopeless(error)
        calls = context.ledger.drain(error.turn - (error.stage == "conclude"))
        failed = _continuation(history_after(history, History(calls=calls)), "failed", _failure(error))
        return replace(failed, said=getattr(error.error, "said", ""))
    history = await _measured(history, context, "after")
    return _continuation(history, end_of(history, context.max_turns), None)


def _steps(planner: str, begun: History, context: DialogueContext) -> AsyncIterator[History]:
    """Return the steps to the end: those of the planner's graph, where there is any planning."""
    chain = planner_of(planner).chain(context.calls)
    if nobody_plans(context, chain):
        return walk(begun, context)
    from negosim.engine._dialogue import dialogue_graph, recursion_limit

    steps = dialogue_graph(chain).astream(
        HistoryState(history=begun),
        {"recursion_limit": recursion_limit(chain, context.max_turns)},
        context=context,
        stream_mode="values",
        output_keys="history",
    )
    return cast(AsyncIterator[History], steps)


async def _measured(history: History, context: DialogueContext, moment: Moment) -> History:
    """Return what has happened with the answers to what is asked at a moment, unless they are there."""
    if any(measurement.moment == moment for measurement in history.get("measurements", ())):
        return history
    measurements = await ask_measures(history, context, moment)
    if not measurements:
        return history
    turn = max(0, len(history["turns"]) - 1)
    return history_after(history, context.add(turn, History(measurements=measurements)))


def _continuation(history: History, end: End, failure: Failure | None) -> Continuation:
    return Continuation(
        turns=tuple(history["turns"]),
        votes=tuple(history["votes"]),
        calls=tuple(history["calls"]),
        measurements=tuple(history.get("measurements", ())),
        table=history["table"],
        end=end,
        failure=failure,
    )


def _raise_if_hopeless(failed: StageError) -> None:
    """Stop the run where every dialogue would fail likewise.

    A prompt that does not fit is the fault of a long dialogue, unless nothing has been said yet.
    """
    error = failed.error
    first_prompt = isinstance(error, ContextLengthError) and failed.turn == 0
    if first_prompt or (isinstance(error, ModelError) and error.concerns_all):
        raise error


def _failure(failed: StageError) -> Failure:
    kind, message = type(failed.error).__name__, failed.error.for_record
    return Failure(turn=failed.turn, role=failed.role, stage=failed.stage, error=kind, message=message)
