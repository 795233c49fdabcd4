"""A small table at which simulated negotiators play, for tests: the engine's stages without its graph."""

from dataclasses import dataclass, replace
from functools import cache

import pytest

from negosim.agents.sim import SimAgent, SimJudge
from negosim.records import Rollout, Turn, Utterance
from negosim.scenarios import Scenario
from negosim.seeding import Seed
from negosim.table import Table, opening_table
from negosim.taxonomies import Taxonomy, load_taxonomy
from negosim.views import Side, View, side_of, view_of


@dataclass
class Played:
    """A finished dialogue with what its participants knew."""

    scenario: Scenario
    sides: tuple[Side, ...]
    turns: list[Turn]
    table: Table
    end: str


TAXONOMY = cache(load_taxonomy)
"""Loaded once: looking plugins up costs more than playing."""


def make_sides(
    scenario: Scenario,
    index: int,
    deceptive: tuple[int, ...],
    max_turns: int,
    tactics: Taxonomy | None = None,
) -> tuple[Side, ...]:
    return tuple(
        side_of(
            scenario,
            role,
            deceptive=role in deceptive,
            opener=scenario.opener_index,
            max_turns=max_turns,
            tactics=tactics or TAXONOMY("persuasion"),
            techniques=TAXONOMY("deception"),
            seed=Seed(7, scenario.id, index),
        )
        for role in range(len(scenario.roles))
    )


def answer(coroutine):
    """Run a coroutine that never waits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the simulated negotiator waited for something")


def take_turn(
    view: View, agent: SimAgent, judge: SimJudge, planner: str, k: int, objective: str, others=()
) -> Turn:
    rollouts: tuple[Rollout, ...] = ()
    chosen = None
    reflection = None
    if planner != "direct":
        reflection = answer(agent.reflect(view))
        view = replace(view, reflection=reflection)
    if planner == "rollout":
        sketches = [answer(agent.rollout(view, tactic)) for tactic in answer(agent.choose_tactics(view, k))]
        scores = answer(judge.score(view, sketches, objective, others))
        rollouts = tuple(
            sketch.model_copy(update={"score": score.score, "reason": score.reason})
            for sketch, score in zip(sketches, scores, strict=True)
        )
        chosen = max(range(len(scores)), key=lambda position: scores[position].score)
        view = replace(view, rollouts=rollouts, chosen=chosen)
    speech = answer(agent.speak(view))
    utterance: Utterance = speech.utterance
    if planner != "direct":
        utterance = answer(agent.consolidate(replace(view, draft=speech.utterance)))
    return Turn(
        index=view.turn_index,
        role=view.side.index,
        reflection=reflection,
        rollouts=rollouts,
        chosen=chosen,
        tactic=rollouts[chosen].tactic if chosen is not None else speech.tactic,
        draft=speech.utterance.text if utterance.text != speech.utterance.text else None,
        utterance=utterance,
        claims=speech.claims,
        realised=speech.realised,
        leaves_for=speech.leaves_for,
    )


def play_dialogue(
    scenario: Scenario,
    index: int = 0,
    deceptive: tuple[int, ...] = (),
    max_turns: int = 30,
    planner: str = "rollout",
    k: int = 3,
    objective: str = "joint",
    oracle: bool = False,
    tactics: Taxonomy | None = None,
) -> Played:
    sides = make_sides(scenario, index, deceptive, max_turns, tactics)
    agent, judge = SimAgent(), SimJudge()
    turns: list[Turn] = []
    table = opening_table(scenario)
    cap = max_turns or 200
    while len(turns) < cap:
        role = sides[0].order.next_speaker([turn.role for turn in turns], gone=table.gone)
        view = view_of(sides[role], turns, table)
        others = tuple(r for i, r in enumerate(scenario.roles) if oracle and i != role)
        turn = take_turn(view, agent, judge, planner, k, objective, others)
        offer = table.check(role, turn.utterance.action, turn.utterance.offer, scenario.issues)
        assert offer == turn.utterance.offer
        turns.append(turn)
        table = table.after(role, turn.utterance)
        if table.left_by is not None:
            return Played(scenario, sides, turns, table, "walk_away")
        if len(turns) % len(sides) == 0 and all(
            answer(agent.concluded(view_of(s, turns, table))) for s in sides
        ):
            return Played(scenario, sides, turns, table, "concluded")
    return Played(scenario, sides, turns, table, "max_turns" if max_turns else "safety_stop")


@pytest.fixture(scope="session")
def play():
    """Play one dialogue."""
    return play_dialogue


@pytest.fixture(scope="session")
def run():
    """Get the answer of one of the agent's coroutines."""
    return answer


@pytest.fixture(scope="session")
def sides_of():
    """Make the sides of a scenario's roles."""
    return make_sides
