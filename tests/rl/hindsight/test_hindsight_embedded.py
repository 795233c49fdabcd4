"""Regeneration offline, with rules and simulated users: whole sets, and each part by itself."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negosim.agents.users import DONATION, SUPPORT, strategies_in
from negosim.rl import Card, Trajectory, TrajectoryTurn, read_trajectories, simulate
from negosim.rl.hindsight import Completion, DiscardedError, Prefix, Step, regenerate
from negosim.rl.hindsight._embedded import controller, forward_model, reward_model
from negosim.rl.hindsight._pipeline import check_completion
from negosim.rl.hindsight._read_donation import dollars_in, pledge_in
from negosim.rl.hindsight._setting import known_setting as setting
from negosim.seeding import Seed

TASKS = (DONATION, SUPPORT)
BOUNDS = {DONATION: (0, 2), SUPPORT: (-4, 4)}


CARD = Card.model_validate(
    {
        "origin": {"source": "made", "licence": "none", "reward": "dollars"},
        "file": "trajectories.jsonl",
        **dict.fromkeys(("trajectories", "turns", "agent_turns", "terminal", "regenerated"), 0),
        **{name: {} for name in ("splits", "tactics", "dropped")},
        "reward": None,
        "problems": (),
    }
)


def step(number: int = 0) -> Step:
    return Step(Seed(1, "test", number))


def talk(*texts: str, reward: float = 0.0, user_first: bool = False) -> Trajectory:
    """Make a donation dialogue, the agent first."""
    roles = ("user", "agent") if user_first else ("agent", "user")
    turns = tuple(TrajectoryTurn(role=roles[n % 2], text=text) for n, text in enumerate(texts))  # type: ignore[arg-type]
    return Trajectory(id="talk", source="made", turns=turns, reward=reward, meta={"task": "donation"})


@pytest.fixture(scope="module")
def corpora(talks: Any) -> dict[str, list[Trajectory]]:
    return {task: talks(task, 40) for task in TASKS}


@pytest.mark.parametrize("task", TASKS)
def test_a_set_grows_offline(task: str, tmp_path: Path) -> None:
    simulate(task, tmp_path / "traj", dialogues=12)
    card = regenerate(tmp_path / "traj", tmp_path / "grown", factor=3)
    found = list(read_trajectories(tmp_path / "grown"))
    assert found[:12] == list(read_trajectories(tmp_path / "traj"))
    assert (card.trajectories, card.regenerated) == (36, 24)
    by_id = {one.id: one for one in found[:12]}
    for one in found[12:]:
        assert one.ancestry is not None
        parent = by_id[one.ancestry["parent"]]
        assert one.turns[: one.ancestry["turn"]] == parent.turns[: one.ancestry["turn"]]
        assert BOUNDS[task][0] <= one.reward <= BOUNDS[task][1]
        assert len(one.turns) <= setting(task).cap
        assert one.terminal
        assert "persona" not in one.meta
        assert "trust" not in one.meta
    again = regenerate(tmp_path / "traj", tmp_path / "again", factor=3, concurrency=5)
    assert again.regenerated == 24
    assert list(read_trajectories(tmp_path / "again")) == found


@pytest.mark.parametrize("task", TASKS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_completions_alternate_and_keep_to_the_room(
    task: str, data: st.DataObject, corpora: dict[str, list[Trajectory]]
) -> None:
    parent = data.draw(st.sampled_from(corpora[task]))
    places = [n for n, turn in enumerate(parent.turns) if turn.role == "agent" and n + 1 < setting(task).cap]
    place = data.draw(st.sampled_from(places))
    better = TrajectoryTurn(role="agent", text=data.draw(st.sampled_from(SAID)))
    turns = (*parent.turns[:place], better)
    prefix = Prefix(parent.system, {}, turns, data.draw(st.integers(1, setting(task).cap - len(turns))), "p")
    forward = forward_model(setting(task), corpora[task][:4])
    made = asyncio.run(forward.complete(prefix, step(), hard=False))
    assert all(a.role != b.role for a, b in pairwise((better, *made.turns)))
    assert 1 <= len(made.turns) <= prefix.room
    assert made.ended or len(made.turns) == prefix.room
    check_completion(prefix, made)


SAID = [
    "Would you give fifty cents today?",
    "Goodbye!",
    "They publish where every cent goes.",
    "That sounds hard, I understand that you feel low.",
    "Xyzzy plugh.",
]

ROLES = st.lists(st.sampled_from(["agent", "user"]), max_size=8)


@given(ROLES, st.integers(0, 8), st.booleans())
def test_what_does_not_alternate_or_end_is_refused(roles: list[str], room: int, ended: bool) -> None:
    prefix = Prefix(None, {}, talk("Hello.").turns, room, "p")
    turns = tuple(TrajectoryTurn(role=role, text="so") for role in roles)  # type: ignore[arg-type]
    expected = ["user" if n % 2 == 0 else "agent" for n in range(len(roles))]
    sound = bool(roles) and roles == expected and len(roles) <= room and (ended or len(roles) == room)
    if sound:
        check_completion(prefix, Completion(turns=turns, ended=ended))
    else:
        with pytest.raises(DiscardedError):
            check_completion(prefix, Completion(turns=turns, ended=ended))


@pytest.mark.parametrize("task", TASKS)
def test_the_forward_model_knows_nothing_of_the_original_but_its_prefix(
    task: str, corpora: dict[str, list[Trajectory]], tmp_path: Path
) -> None:
    """Hidden facts and later turns of the original are altered: what is made of its first turns stays."""
    pool = corpora[task]
    parent = pool[3]
    place = next(n for n, turn in enumerate(parent.turns) if turn.role == "agent")
    prefix = Prefix(parent.system, {}, parent.turns[: place + 1], 9, parent.id)
    hidden = [
        one.model_copy(update={"meta": {k: v for k, v in one.meta.items() if k in BEFORE}}) for one in pool
    ]
    first = asyncio.run(forward_model(setting(task), pool).complete(prefix, step(), hard=True))
    second = asyncio.run(forward_model(setting(task), hidden).complete(prefix, step(), hard=True))
    assert first == second


BEFORE = ("task", "problem_type", "situation", "initial_intensity")


def test_the_forward_model_learns_how_skilled_the_agent_is(talks: Any) -> None:
    def fitted(skill: float) -> float:
        pool = talks(DONATION, 30, skill=skill)
        return forward_model(setting(DONATION), pool)._standard_fit.skill  # type: ignore[attr-defined, no-any-return]

    assert fitted(0.1) < 0.25 < fitted(0.5) < 0.7 < fitted(1.0)


def test_the_forward_model_guesses_whom_it_talks_to(corpora: dict[str, list[Trajectory]]) -> None:
    """Prefixes of sceptics bring forth more sceptics than others do."""
    forward = forward_model(setting(DONATION), corpora["donation"])
    population = forward._standard_fit.population  # type: ignore[attr-defined]

    def share(persona: str) -> float:
        drawn = []
        for number, one in enumerate(corpora["donation"]):
            if one.meta["persona"] == persona:
                rng = random.Random(number)
                users = forward._resampled(rng.choices(population, k=24), {}, one.turns[:8], rng, 5)  # type: ignore[attr-defined]
                drawn += [user.persona == "skeptical" for user in users]
        return sum(drawn) / len(drawn)

    assert share("skeptical") > 0.5
    assert share("caring") < 0.25


@pytest.mark.parametrize("task", TASKS)
def test_the_hard_forward_model_earns_less(task: str, corpora: dict[str, list[Trajectory]]) -> None:
    pool = corpora[task]
    forward, reading = forward_model(setting(task), pool), reward_model(setting(task), pool, CARD)

    def mean(*, hard: bool) -> float:
        rewards = []
        for number, one in enumerate(pool):
            place = next(n for n, turn in enumerate(one.turns) if turn.role == "agent" and n > 1)
            meta = {name: one.meta[name] for name in BEFORE if name in one.meta}
            prefix = Prefix(None, meta, one.turns[: place + 1], setting(task).cap - place - 1, one.id)
            made = asyncio.run(forward.complete(prefix, step(number), hard=hard))
            product = one.model_copy(update={"turns": (*prefix.turns, *made.turns)})
            try:
                rewards.append(asyncio.run(reading.reward(product, step())))
            except DiscardedError:
                rewards.append(0.0)
        return sum(rewards) / len(rewards)

    assert mean(hard=True) < mean(hard=False)


def test_pressing_and_passed_over_doubts_are_blamed_first() -> None:
    dialogue = talk(
        "Hello there, how are you doing today?",
        "Fine, what is this about?",
        "Think of the children in war zones who cry for their parents.",
        "How much of the money really gets to the children?",
        "Imagine a little girl who goes to sleep hungry and scared every single night.",
        "I am not convinced by that at all.",
        "You must give something, everybody else did.",
        "Stop pushing.",
    )
    found = asyncio.run(controller(setting(DONATION)).review(dialogue, step()))
    assert len(found) == 3
    assert {found[0].said, found[1].said} == {dialogue.turns[4].text, dialogue.turns[6].text}
    (doubt,) = [one for one in found if one.said == dialogue.turns[4].text]
    assert strategies_in(DONATION, doubt.better) == ("acknowledgement", "credibility-appeal")
    assert "overhead" in doubt.why


def test_dismissal_and_advice_too_soon_are_blamed_first() -> None:
    dialogue = talk(
        "Hello, I am at the end of my rope. I was let go last week.",
        "Maybe you could polish your resume and send one application a day.",
        "I cannot do that now, it is all too much already.",
        "Others have it worse than you.",
        "That hurts, to be honest.",
        "I see.",
        "I do not know what to say to that.",
        user_first=True,
    )
    found = asyncio.run(controller(setting(SUPPORT)).review(dialogue, step()))
    assert found[0].said in (dialogue.turns[1].text, dialogue.turns[3].text)
    assert {one.said for one in found[:2]} == {dialogue.turns[1].text, dialogue.turns[3].text}
    assert "reflection-of-feelings" in strategies_in(SUPPORT, found[0].better)


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("I will give $1.50.", 1.5),
        ("ok, .50 dollars", 0.5),
        ("maybe 25 cents", 0.25),
        ("half a dollar", 0.5),
        ("Two dollars it is", 2.0),
        ("fifty cents", 0.5),
        ("not $2, but $1", 1.0),
        ("I have 3 children", None),
        ("a dog", None),
    ],
)
def test_sums_are_read(text: str, dollars: float | None) -> None:
    assert dollars_in(text) == dollars


@pytest.mark.parametrize(
    ("dialogue", "pledge"),
    [
        (talk("Would you give something?", "Yes, I will give $0.50.", "Thanks!", "Bye."), 0.5),
        (talk("Would you give $1?", "Sure, I can do that."), 1.0),
        (talk("Would you give $1?", "Is $1 a lot?"), None),
        (talk("Would you give $1?", "No, I will not give $1."), None),
        (talk("A bit more?", "Okay, $0.50.", "More?", "All right, let us make it $0.80."), 0.8),
        (talk("I give $2 myself.", "Good for you.", "And you?", "I have to think."), None),
    ],
)
def test_pledges_are_read(dialogue: Trajectory, pledge: float | None) -> None:
    assert pledge_in(dialogue) == pledge


def test_what_is_undecided_has_no_reward() -> None:
    reading = reward_model(setting(DONATION), [], CARD)
    with pytest.raises(DiscardedError, match="unfinished"):
        asyncio.run(reading.reward(talk("Would you give?", "Tell me more."), step()))
    assert asyncio.run(reading.reward(talk("Would you give?", "No, I will not."), step())) == 0.0


@pytest.mark.parametrize("task", TASKS)
def test_rewards_read_off_the_text_go_with_the_true_ones(task: str, talks: Any) -> None:
    pool, held_out = talks(task, 100), talks(task, 100, seed=1)
    reading = reward_model(setting(task), pool, CARD)
    read, true = [], []
    for one in held_out:
        stripped = one.model_copy(update={"reward": 0.0})
        try:
            read.append(asyncio.run(reading.reward(stripped, step())))
        except DiscardedError:
            continue
        true.append(one.reward)
    assert len(read) >= 80
    mean_read, mean_true = sum(read) / len(read), sum(true) / len(true)
    both = sum((a - mean_read) * (b - mean_true) for a, b in zip(read, true, strict=True))
    spread = (sum((a - mean_read) ** 2 for a in read) * sum((b - mean_true) ** 2 for b in true)) ** 0.5
    assert both / spread > 0.65
    assert abs(mean_read - mean_true) < 0.2
