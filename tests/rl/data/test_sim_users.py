import statistics
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.agents.users import (
    RandomPersuader,
    RandomSupporter,
    Recogniser,
    Reply,
    SimUser,
    Transcript,
    load_frames,
)
from negosim.errors import UserError
from negosim.rl import read_trajectories, run_episode, run_episodes, sim_users, simulate
from negosim.rl.tasks import (
    DONATION,
    SUPPORT,
    TASKS,
    Task,
    persona_names,
    sim_agent,
    sim_user,
    strategies_of,
    task_named,
)
from negosim.taxonomies import load_taxonomy

EACH = [DONATION, SUPPORT]


def mean_reward(agent: object, task: Task, n: int = 120, start: int = 0) -> float:
    made = run_episodes(agent, sim_users(task, range(start, start + n)))  # type: ignore[arg-type]
    return statistics.fmean(trajectory.reward for trajectory in made)


def scripted(*texts: str):
    """Return an agent that says these texts in order, the last one again and again."""

    def speak(transcripts: Sequence[Transcript]) -> list[str]:
        return [texts[min(len(t.texts("agent")), len(texts) - 1)] for t in transcripts]

    return speak


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_a_good_plan_beats_habit_and_habit_beats_chance_per_persona(task: Task) -> None:
    chance = RandomPersuader() if task is DONATION else RandomSupporter()
    for persona in persona_names(task):
        users = [sim_user(task, persona, seed) for seed in range(80)]
        good, mediocre, random_ = (
            statistics.fmean(t.reward for t in run_episodes(agent, users))
            for agent in (sim_agent(task, skill=1.0), sim_agent(task), chance)
        )
        assert good > 2 * mediocre > 2 * random_, persona


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_reward_rises_with_skill(task: Task) -> None:
    means = [mean_reward(sim_agent(task, skill=skill), task) for skill in (0.0, 0.3, 0.6, 1.0)]
    assert means == sorted(means)
    assert all(b - a > 0.05 for a, b in pairwise(means))


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_no_single_strategy_said_over_and_over_is_worth_much(task: Task) -> None:
    good = mean_reward(sim_agent(task, skill=1.0), task)
    frames = load_frames(f"{task.id}/agent-frames")
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
            t.reward
            for t in run_episodes(scripted(*tears), [sim_user(DONATION, persona, n) for n in range(60)])
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
    early = run_episode(lambda _: advice, user, cap=1)
    assert float(early.meta["openness"] or 0) < 0.6
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
    heard = [float(t.meta["understood"] or 0) for t in run_episodes(echo, users, cap=2)]
    unheard = [float(t.meta["understood"] or 0) for t in run_episodes(blind, users, cap=2)]
    assert statistics.fmean(heard) > 1.5 * statistics.fmean(unheard)


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_equal_seeds_give_equal_dialogues_in_any_company(task: Task) -> None:
    agent = sim_agent(task)
    together = run_episodes(agent, sim_users(task, range(12)))
    alone = [run_episode(agent.speak, user) for user in reversed(sim_users(task, range(12)))]
    assert together == alone[::-1]
    assert len({t.turns for t in together}) == 12


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
@given(seed=st.integers(0, 10**6), skill=st.floats(0, 1))
def test_every_dialogue_keeps_to_the_task(task: Task, seed: int, skill: float) -> None:
    made = run_episode(sim_agent(task, skill=skill, seed=seed).speak, sim_users(task, [seed])[0])
    assert task.lowest <= made.reward <= task.highest
    assert len(made.agent_turns) <= task.cap
    assert made.turns[0].role == task.opening
    if task is DONATION:
        assert made.reward == made.meta["donation"]
    else:
        assert made.reward == float(str(made.meta["initial_intensity"])) - float(
            str(made.meta["final_intensity"])
        )


@given(text=st.text(max_size=300).filter(str.strip), seed=st.integers(0, 50))
def test_users_take_whatever_is_said(text: str, seed: int) -> None:
    if not text.split():
        return
    for task in EACH:
        made = run_episode(lambda _: text, sim_users(task, [seed])[0], cap=3)
        assert task.lowest <= made.reward <= task.highest


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_a_dialogue_can_be_branched_at_any_point(task: Task) -> None:
    agent = sim_agent(task, skill=0.6)
    user = sim_users(task, [5])[0]
    whole = run_episode(agent.speak, user)
    cut = 5 if task is SUPPORT else 4
    prefix = Transcript(user.id, task.system, whole.turns[:cut])
    again = Transcript(user.id, task.system, whole.turns[: cut - 1])
    assert prefix.turns[-1].role == "user"
    reply = user.reply(again)
    assert reply.text == whole.turns[cut - 1].text
    # A fresh copy of the same user says the same.
    assert sim_users(task, [5])[0].reply(again) == reply


def test_the_agents_side_is_checked() -> None:
    users = sim_users(DONATION, range(2))
    with pytest.raises(UserError, match="1 texts for 2 dialogues"):
        run_episodes(lambda transcripts: ["Hello"], users)
    with pytest.raises(UserError, match="the agent said nothing"):
        run_episodes(lambda transcripts: ["  "] * len(transcripts), users)


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_the_agents_sentences_are_recognised_as_what_they_are(task: Task) -> None:
    known = load_taxonomy(task.taxonomy).by_id
    right = total = 0
    for act, entry in load_frames(f"{task.id}/agent-frames").items():
        assert act in known or act == "other"
        for sentence in entry if isinstance(entry, list) else [s for part in entry.values() for s in part]:
            text = sentence.format(amount="$0.50", gist="you lost your job at the mill", feeling="worried")
            total += 1
            right += strategies_of(task, text) == (() if act == "other" and task is DONATION else (act,))
    assert right / total > 0.97


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.id)
def test_lexicons_and_taxonomies_agree(task: Task) -> None:
    tactics = load_taxonomy(task.taxonomy)
    assert Recogniser.load(f"{task.id}/strategies").patterns.keys() <= tactics.by_id.keys()
    for tactic in tactics.tactics:
        found = strategies_of(task, tactic.example)
        assert tactic.id in found or tactic.id == "other", (tactic.id, found)


def test_words_vary() -> None:
    made = run_episodes(sim_agent(DONATION, skill=0.8), sim_users(DONATION, range(100)))
    for trajectory in made:
        said = [turn.text for turn in trajectory.turns if turn.role == "agent"]
        assert len(set(said)) == len(said)
    assert len({turn.text for t in made for turn in t.turns}) > 400


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
    with pytest.raises(UserError, match="donation"):
        task_named("donations")
    assert set(TASKS) == {"donation", "support"}


def test_a_user_of_its_own_making_fits_in() -> None:
    class Wall:
        id, kind, persona = "wall", "donation", "wall"

        def reply(self, transcript: Transcript):
            return Reply("No.", end=len(transcript.texts("agent")) == 3)

        def reward(self) -> float:
            return 0.0

        def facts(self) -> dict[str, object]:
            return {"persona": "wall"}

    made = run_episode(lambda _: "Hello", Wall())  # type: ignore[arg-type]
    assert len(made.agent_turns) == 3
    assert isinstance(sim_user(DONATION, "caring", 0), SimUser)
