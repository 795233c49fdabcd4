import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.agents.users import (
    DONATION,
    SUPPORT,
    Line,
    RandomPersuader,
    RandomSupporter,
    Recogniser,
    SimUser,
    Transcript,
    load_frames,
    persona_names,
    sim_agent,
    sim_user,
    sim_users,
    strategies_in,
)
from negosim.errors import UserError
from negosim.rl import read_trajectories, simulate
from negosim.taxonomies import load_taxonomy

BatchAgent = Callable[[Sequence[Transcript]], Sequence[str]]
TAXONOMIES = {DONATION: "persuasion-for-good", SUPPORT: "emotional-support"}
BOUNDS = {DONATION: (0, 2, 10), SUPPORT: (-4, 4, 15)}


class Talk(NamedTuple):
    turns: list[Line]
    reward: float
    facts: dict[str, Any]

    @property
    def said(self) -> list[str]:
        return [turn.text for turn in self.turns if turn.role == "agent"]


def talk(agent: BatchAgent, user: SimUser, cap: int | None = None) -> Talk:
    """Let an agent talk with a user, whatever scenario they are in."""
    turns: list[Line] = []
    if user.kind == SUPPORT:
        turns.append(Line("user", user.reply(Transcript("", None)).text or ""))
    for _ in range(cap or BOUNDS[user.kind][2]):
        (text,) = agent([Transcript(user.id, None, turns)])
        turns.append(Line("agent", " ".join(text.split())))
        reply = user.reply(Transcript("", None, turns))
        turns.append(Line("user", reply.text or ""))
        if reply.end:
            break
    return Talk(turns, user.reward(), dict(user.facts()))


def talks(agent: BatchAgent, users: Iterable[SimUser], cap: int | None = None) -> list[Talk]:
    return [talk(agent, user, cap) for user in users]


EACH = [DONATION, SUPPORT]


def mean_reward(agent: BatchAgent, task: str, n: int = 120, start: int = 0) -> float:
    made = talks(agent, sim_users(task, range(start, start + n)))
    return statistics.fmean(trajectory.reward for trajectory in made)


def scripted(*texts: str):
    """Return an agent that says these texts in order, the last one again and again."""

    def speak(transcripts: Sequence[Transcript]) -> list[str]:
        return [texts[min(len(t.texts("agent")), len(texts) - 1)] for t in transcripts]

    return speak


@pytest.mark.parametrize("task", EACH, ids=str)
def test_a_good_plan_beats_habit_and_habit_beats_chance_per_persona(task: str) -> None:
    chance = RandomPersuader() if task == DONATION else RandomSupporter()
    for persona in persona_names(task):
        users = [sim_user(task, persona, seed) for seed in range(80)]
        good, mediocre, random_ = (
            statistics.fmean(t.reward for t in talks(agent, users))
            for agent in (sim_agent(task, skill=1.0), sim_agent(task), chance)
        )
        assert good > 2 * mediocre > 2 * random_, persona


@pytest.mark.parametrize("task", EACH, ids=str)
def test_reward_rises_with_skill(task: str) -> None:
    means = [mean_reward(sim_agent(task, skill=skill), task) for skill in (0.0, 0.3, 0.6, 1.0)]
    assert means == sorted(means)
    assert all(b - a > 0.05 for a, b in pairwise(means))


@pytest.mark.parametrize("task", EACH, ids=str)
def test_no_single_strategy_said_over_and_over_is_worth_much(task: str) -> None:
    good = mean_reward(sim_agent(task, skill=1.0), task)
    frames = load_frames(f"{task}/agent-frames")
    for act, entry in frames.items():
        sentences = entry if isinstance(entry, list) else entry["any"]
        said = [s.format(amount="$1.00", gist="it is hard", feeling="sad") for s in sentences]
        assert mean_reward(scripted(*said), task, 40) < 0.55 * good, act


def test_the_order_of_strategies_matters() -> None:
    opening = "Hello, how are you? Have you heard of Save the Children?"
    proof = "They spend about 86 percent of what comes in on programs, and the audited accounts are public."
    reason = "A dollar can buy a week of clean water, so it goes a long way over there."
    mine = "I am going to give half of my own payment today."
    how = "Your donation comes straight off your payment, any amount up to two dollars."
    ask = "Would you like to donate some of your payment to Save the Children?"
    thanks = "Thank you so much. Goodbye!"
    warm = mean_reward(scripted(opening, proof, reason, mine, how, ask, thanks), DONATION)
    abrupt = mean_reward(scripted(ask, opening, how, mine, reason, proof, thanks), DONATION)
    assert warm > 3 * abrupt + 0.1


def test_what_moves_one_persona_repels_another() -> None:
    tears = (
        "Hello, how are you?",
        "Imagine a little girl who goes to sleep hungry and scared every single night.",
        "I remember my neighbor taking in two kids who had walked for weeks.",
        "Think of the children in war zones who cry for their parents.",
        "Would you like to donate some of your payment to Save the Children?",
        "Thank you so much. Goodbye!",
    )
    worth = {
        persona: statistics.fmean(
            t.reward for t in talks(scripted(*tears), [sim_user(DONATION, persona, n) for n in range(60)])
        )
        for persona in persona_names(DONATION)
    }
    assert worth["caring"] > 0.15
    assert worth["caring"] > 3 * max(worth["unfriendly"], worth["skeptical"])


def test_pressure_and_repetition_cost() -> None:
    base = (
        "Hello, how are you?",
        "They have worked for a century in 120 countries and publish audited accounts.",
    )
    ask = "Would you like to donate some of your payment?"
    fine = scripted(*base, "I am going to give half of my own payment today.", ask, "Thank you, goodbye!")
    pushed = scripted(*base, "How can you sleep while children are dying?", ask, "Thank you, goodbye!")
    repeated = scripted(*base, base[1], ask, "Thank you, goodbye!")
    for worse in (pushed, repeated):
        assert mean_reward(fine, DONATION) > mean_reward(worse, DONATION) + 0.05


def test_advice_before_understanding_makes_it_worse() -> None:
    advice = "You could talk to somebody you trust about it this week."
    user = sim_user(SUPPORT, "job crisis", 3)
    early = talk(lambda _: [advice], user, cap=1)
    assert early.facts["openness"] < 0.6
    assert early.reward <= 0


def test_a_seeker_feels_heard_only_by_its_own_words() -> None:
    users = [sim_user(SUPPORT, "breakup with partner", seed) for seed in range(40)]

    def echo(transcripts: Sequence[Transcript]) -> list[str]:
        return [
            "What happened, if you want to tell me?"
            if not t.texts("agent")
            else f"So what you are saying is that {t.texts('user')[-1]}"
            for t in transcripts
        ]

    blind = scripted("What happened, if you want to tell me?", "So what you are saying is that cats purr.")
    heard = [t.facts["understood"] for t in talks(echo, users, cap=2)]
    unheard = [t.facts["understood"] for t in talks(blind, users, cap=2)]
    assert statistics.fmean(heard) > 1.5 * statistics.fmean(unheard)


@pytest.mark.parametrize("task", EACH, ids=str)
def test_equal_seeds_give_equal_dialogues_in_any_company(task: str) -> None:
    agent = sim_agent(task)
    together = talks(agent, sim_users(task, range(12)))
    alone = [talk(agent, user) for user in reversed(sim_users(task, range(12)))]
    assert together == alone[::-1]
    assert len({tuple(t.turns) for t in together}) == 12


@pytest.mark.parametrize("task", EACH, ids=str)
@given(seed=st.integers(0, 10**6), skill=st.floats(0, 1))
def test_every_dialogue_keeps_to_the_task(task: str, seed: int, skill: float) -> None:
    made = talk(sim_agent(task, skill=skill, seed=seed), sim_users(task, [seed])[0])
    low, high, cap = BOUNDS[task]
    assert low <= made.reward <= high
    assert len(made.said) <= cap
    assert made.turns[0].role == ("agent" if task == DONATION else "user")
    if task == DONATION:
        assert made.reward == made.facts["donation"]
    else:
        assert made.reward == made.facts["initial_intensity"] - made.facts["final_intensity"]


@given(text=st.text(max_size=300).filter(str.strip), seed=st.integers(0, 50))
def test_users_take_whatever_is_said(text: str, seed: int) -> None:
    if not text.split():
        return
    for task in EACH:
        made = talk(lambda _: [text], sim_users(task, [seed])[0], cap=3)
        assert BOUNDS[task][0] <= made.reward <= BOUNDS[task][1]


@pytest.mark.parametrize("task", EACH, ids=str)
def test_the_agents_sentences_are_recognised_as_what_they_are(task: str) -> None:
    known = load_taxonomy(TAXONOMIES[task]).by_id
    right = total = 0
    for act, entry in load_frames(f"{task}/agent-frames").items():
        assert act in known or act == "other"
        for sentence in entry if isinstance(entry, list) else [s for part in entry.values() for s in part]:
            text = sentence.format(amount="$0.50", gist="you lost your job at the mill", feeling="worried")
            total += 1
            right += strategies_in(task, text) == (() if act == "other" and task == DONATION else (act,))
    assert right / total > 0.97


@pytest.mark.parametrize("task", EACH, ids=str)
def test_lexicons_and_taxonomies_agree(task: str) -> None:
    tactics = load_taxonomy(TAXONOMIES[task])
    assert Recogniser.load(f"{task}/strategies").patterns.keys() <= tactics.by_id.keys()
    for tactic in tactics.tactics:
        found = strategies_in(task, tactic.example)
        assert tactic.id in found or tactic.id == "other", (tactic.id, found)


def test_words_vary() -> None:
    made = talks(sim_agent(DONATION, skill=0.8), sim_users(DONATION, range(100)))
    assert all(len(set(one.said)) == len(one.said) for one in made)
    assert len({turn.text for one in made for turn in one.turns}) > 400


def test_a_corpus_can_be_made_again(tmp_path: Path) -> None:
    cards = [
        simulate(DONATION, tmp_path / name, dialogues=40, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    files = [(tmp_path / name / "trajectories.jsonl").read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]
    seeds = [{t.meta["user_seed"] for t in read_trajectories(tmp_path / name)} for name in "ac"]
    assert not seeds[0] & seeds[1]
    assert cards[0].origin.task == "donation"


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="skeptical"):
        sim_user(DONATION, "sceptical", 0)
