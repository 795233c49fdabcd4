"""`gdp-zero`: the search on a toy with known values, its calls, and what it never sees."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from negosim import RunConfig, generate
from negosim.agents import Speech, Trial
from negosim.models import ScriptedModel
from negosim.planners.search import Search
from negosim.records import Utterance
from negosim.scenarios import load_scenario
from negosim.seeding import Seed
from negosim.table import opening_table
from negosim.taxonomies import load_taxonomy
from negosim.views import View, side_of, view_of

Filling = Callable[..., ScriptedModel]


class Toy:
    """A world of two acts whose worth is known."""

    def __init__(self, worth: Mapping[tuple[str, ...], float]) -> None:
        self._worth = worth

    async def prior(self, view: View, samples: int) -> dict[str, float]:
        return {"a": 0.4, "b": 0.6}

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        return Trial(Speech(Utterance(text=f"{act}{attempt}")), ())

    async def worth(self, view: View, probes: int) -> float:
        said = tuple(turn.text for turn in view.transcript)
        return self._worth.get(said, self._worth.get(tuple(text[0] for text in said), 0.0))


def root() -> View:
    scenario, rules = load_scenario("viatex"), {"deceptive": False, "opener": 0, "max_turns": 0}
    taxonomies = {"tactics": load_taxonomy("persuasion"), "techniques": load_taxonomy("deception")}
    side = side_of(scenario, 0, seed=Seed(1, "viatex", 0), **rules, **taxonomies)  # type: ignore[arg-type]
    return view_of(side, [], opening_table(scenario))


def searched(simulations: int, worth: Mapping[tuple[str, ...], float], **settings: Any) -> Search:
    search = Search(Toy(worth), root(), Random(0), **settings)
    for _ in range(simulations):
        asyncio.run(search.simulate())
    return search


def statistics(search: Search) -> dict[str, tuple[int, float]]:
    return {
        "".join((*key, name)): (act.visits, pytest.approx(act.value))
        for key, acts in search.nodes.items()
        for name, act in acts.items()
    }


def test_statistics_equal_a_computation_by_hand() -> None:
    # 1: no visits, the prior decides: b, -.5.  2: a .4 (.4 * 1 / 1) against b -.2 (-.5 + .6 / 2): a, .4.
    # 3: a .683 (.4 + .4 * 1.414 / 2) against b -.076: a, then b by the prior, 0; a's mean is .2.
    # 4: a .431 (.2 + .4 * 1.732 / 3) against b .020; below it a .4 against b .3: a, .8; a's mean is .4.
    search = searched(4, {("b",): -0.5, ("a",): 0.4, ("a", "b"): 0.0, ("a", "a"): 0.8})
    assert statistics(search) == {"a": (3, 0.4), "b": (1, -0.5), "aa": (1, 0.8), "ab": (1, 0.0)}
    assert search.best()[0] == "a"


def test_the_best_act_is_found_though_the_prior_is_against_it() -> None:
    assert searched(30, {("a",): 0.5, ("b",): -0.5}).best()[0] == "a"


def test_exploration_weighs_the_prior() -> None:
    # Without exploration the first of equals is all there is.
    assert statistics(searched(10, {}, c=0.0))["a"][0] == 10
    assert statistics(searched(10, {}, c=5.0))["a"][0] > 2


def test_the_words_said_are_the_realisation_that_turned_out_best() -> None:
    worth = {("b0",): -0.2, ("b1",): 0.9, ("b2",): 0.1, ("a",): -1.0}
    search = searched(1, worth)
    # An act is imagined anew as long as fewer than k are kept; later visits draw from them.
    kept = search.realised["b",]
    assert len(kept) == 1
    search = searched(12, worth, k=3)
    assert len(search.realised["b",]) == 3
    name, best = search.best()
    assert name == "b"
    assert best.value == max(one.value for one in search.realised["b",])


def config(scenario: str = "viatex", **settings: Any) -> RunConfig:
    planner = "gdp-zero:n=4,samples=2,probes=3"
    return RunConfig(**{"scenarios": scenario, "models": "m", "planner": planner, "max_turns": 4, **settings})


def test_calls_of_a_chat_model(filling: Filling, tmp_path: Path) -> None:
    model = filling()
    (dialogue,) = generate(config(max_turns=1), out=tmp_path / "run", chat_models={"m": model})
    calls = Counter({stage.stage: stage.calls for stage in dialogue.account})
    # The last turn there is: nothing can be answered any more, so it is worth what no deal is.
    assert calls == {"gdp-zero-prior": 2, "gdp-zero-act": 4}
    (dialogue,) = generate(
        config(planner="gdp-zero:n=2,samples=2,probes=3", max_turns=4),
        out=tmp_path / "two",
        chat_models={"m": filling()},
    )
    first = Counter(call.stage for call in dialogue.calls if call.turn == 0)
    assert first["gdp-zero-act"] == first["gdp-zero-partner"] == 2
    assert first["gdp-zero-value"] == 6
    assert 2 <= first["gdp-zero-prior"] <= 4
    turn = dialogue.turns[0]
    assert sum(int(one.reason.split()[1].strip(",")) for one in turn.rollouts if one.reason) == 2
    assert turn.chosen is not None
    assert turn.utterance.text == turn.rollouts[turn.chosen].utterance


def test_the_simulated_negotiator_searches_and_finds_deals(tmp_path: Path) -> None:
    settings = {"models": "sim", "planner": "gdp-zero:n=3,samples=5"}
    run = generate(config(max_turns=6, dialogues=2, **settings), out=tmp_path / "run")
    again = generate(config(max_turns=6, dialogues=2, concurrency=2, **settings), out=tmp_path / "again")
    assert {one.id: one.transcript() for one in run} == {one.id: one.transcript() for one in again}
    assert all(turn.rollouts for dialogue in run for turn in dialogue.turns)


def test_an_embedded_persuader_searches_while_its_user_only_speaks(tmp_path: Path) -> None:
    settings = {"models": "sim", "planner": "gdp-zero:n=4,samples=5,probes=2"}
    (dialogue,) = generate(config("donation", max_turns=4, **settings), out=tmp_path / "run")
    assert [bool(turn.rollouts) for turn in dialogue.turns] == [True, False, True, False]
