"""The simulated negotiator through the whole engine: determinism, privacy, economics, conditions."""

import asyncio
from pathlib import Path

import pytest

from negosim import Dialogue, Run, RunConfig, generate, generate_async
from negosim.scenarios import load_scenario

SCENARIOS = (
    *("camp-lemonnier", "carer", "cello", "hedgerow", "heron-mill", "parker-gibson"),
    *("quarry-road", "sally-soprano", "viatex", "west-wind", "winter-ferry"),
)
"""Of each kind some."""

pytestmark = pytest.mark.xdist_group("simulated")  # one process plays the dialogues


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two matched pairs of each scenario."""
    config = RunConfig(
        scenarios=SCENARIOS, conditions=("honest", "deceptive-2"), dialogues=2, seed=11, concurrency=8
    )
    return generate(config, out=tmp_path_factory.mktemp("made") / "run")


@pytest.fixture(scope="module")
def dialogues(made: Run) -> list[Dialogue]:
    return list(made)


def test_same_seed_same_bytes_at_any_concurrency(
    made: Run, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    alone = generate(made.config.model_copy(update={"concurrency": 1}), out=tmp_path / "alone")
    assert {d.id: d.transcript() for d in alone} == {d.id: d.transcript() for d in dialogues}


def test_confidential_texts_are_never_said(dialogues: list[Dialogue]) -> None:
    """No sentence of a brief, an alternative, a secret or a deceptive brief, and no reflection, is public."""
    for dialogue in dialogues:
        scenario = load_scenario(dialogue.scenario)
        private = [
            sentence.strip(" .")
            for role in scenario.roles
            for text in (role.brief, role.alternative, role.deceptive_brief or "", *role.secrets)
            for sentence in text.split(". ")
            if len(sentence) > 25
        ]
        private += [turn.reflection for turn in dialogue.turns if turn.reflection]
        for turn in dialogue.turns:
            assert not [text for text in private if text in turn.utterance.text]


def test_lies_in_the_deceptive_condition_and_only_there(dialogues: list[Dialogue]) -> None:
    liars = {
        (d.condition.name, turn.role)
        for d in dialogues
        for turn in d.turns
        for c in turn.claims
        if not c.true
    }
    assert liars == {("deceptive-2", 1)}
    for dialogue in dialogues:
        for turn in dialogue.turns:
            for claim in turn.claims:
                assert claim.quote in turn.utterance.text
                assert claim.true == (claim.technique in (None, "omission", "paltering"))


def test_every_deal_is_rational_and_the_outcome_follows_from_the_record(dialogues: list[Dialogue]) -> None:
    agreed = [dialogue for dialogue in dialogues if dialogue.outcome.status == "agreement"]
    assert len(agreed) > len(dialogues) / 2
    for dialogue in agreed:
        scenario, outcome = load_scenario(dialogue.scenario), dialogue.outcome
        assert outcome.deal is not None
        roles = range(len(scenario.roles))
        parties = roles if outcome.coalition is None else outcome.coalition
        worth = [
            scenario.value(role, outcome.deal) if role in parties else scenario.roles[role].payoff.reservation
            for role in roles
        ]
        assert outcome.values == pytest.approx(worth)
        assert outcome.rational == (True,) * len(roles)
        accepted = [turn for turn in dialogue.turns if turn.utterance.action == "accept"]
        assert accepted


def test_pairs_share_what_does_not_depend_on_the_condition(dialogues: list[Dialogue]) -> None:
    """Until the deceptive agent speaks, the dialogues of a matched pair are the same."""
    by_id = {dialogue.id: dialogue for dialogue in dialogues}
    openers = {dialogue.opener for dialogue in dialogues}
    assert 0 in openers
    for dialogue in dialogues:
        if dialogue.opener == 1:
            continue
        twin = by_id[dialogue.id.replace("honest", "deceptive-2")]
        assert dialogue.turns[0].utterance == twin.turns[0].utterance


def test_tactics_are_varied_and_honest_ones_when_honest(made: Run, dialogues: list[Dialogue]) -> None:
    from negosim.taxonomies import load_taxonomy

    persuasion = load_taxonomy("persuasion")
    used = {turn.tactic for dialogue in dialogues for turn in dialogue.turns}
    assert len(used & set(persuasion.by_id)) >= 20
    for dialogue in dialogues:
        for turn in dialogue.turns:
            if turn.role not in dialogue.condition.deceptive:
                assert not persuasion.by_id[str(turn.tactic)].deceptive
            assert len({candidate.tactic for candidate in turn.rollouts}) == 3
            assert turn.chosen is not None
            best = max(candidate.score or 0 for candidate in turn.rollouts)
            assert turn.rollouts[turn.chosen].score == best


@pytest.mark.parametrize("planner", ["reflect", "direct"])
def test_smaller_planners_reach_agreements_too(tmp_path: Path, planner: str) -> None:
    run = generate(RunConfig(scenarios=("viatex",), planner=planner, dialogues=5), out=tmp_path / "run")
    assert "agreement" in {dialogue.outcome.status for dialogue in run}


def test_others_in_the_event_loop_get_their_turn(tmp_path: Path) -> None:
    config = RunConfig(scenarios=("viatex",), dialogues=2)

    async def count_meanwhile() -> tuple[int, int]:
        made = asyncio.create_task(generate_async(config, out=tmp_path / "run"))
        count = 0
        while not made.done():
            await asyncio.sleep(0)
            count += 1
        return count, sum(len(dialogue.turns) for dialogue in made.result())

    count, turns = asyncio.run(count_meanwhile())
    assert count >= turns


def test_frame_has_a_row_for_each_dialogue(made: Run, dialogues: list[Dialogue]) -> None:
    frame = made.to_frame()
    assert list(frame["id"]) == [dialogue.id for dialogue in dialogues]
    assert set(frame["condition"]) == {"honest", "deceptive-2"}
    assert (frame["model_1"] == "sim").all()
    assert frame["joint_value"].sum() == pytest.approx(sum(d.outcome.joint_value or 0 for d in dialogues))


def test_unrestricted_dialogues_end(tmp_path: Path) -> None:
    run = generate(RunConfig(scenarios=("rose-lane",), max_turns=0, dialogues=3), out=tmp_path / "run")
    assert {dialogue.end for dialogue in run} <= {"concluded", "walk_away", "safety_stop"}


def test_a_simulated_negotiator_meets_a_model(player: object, tmp_path: Path) -> None:
    config = RunConfig(scenarios=("viatex",), models=("sim", "scripted"), max_turns=6)
    (dialogue,) = generate(config, out=tmp_path / "run", chat_models={"scripted": player()})  # type: ignore[operator]
    assert dialogue.models == ("sim", "scripted")
    assert {row.role for row in dialogue.account} == {1}


def test_a_run_that_is_cancelled_says_so(tmp_path: Path) -> None:
    asked = asyncio.Event()

    class Silent:
        name = "silent"

        async def complete(self, request: object) -> object:
            asked.set()
            return await asyncio.Event().wait()

        async def preflight(self) -> None:
            pass

        async def close(self) -> None:
            pass

    async def cancel() -> None:
        config = RunConfig(scenarios=("viatex",), models=("silent",), dialogues=3)
        made = asyncio.create_task(
            generate_async(config, out=tmp_path / "run", chat_models={"silent": Silent()})  # type: ignore[dict-item]
        )
        await asked.wait()
        made.cancel()
        with pytest.raises(asyncio.CancelledError):
            await made

    asyncio.run(cancel())
    assert len(Run.open(tmp_path / "run")) == 0
