"""Run folders of this project: any role as the learner; own, joint or judged reward, or agreement."""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from negosim.agents.users import kind_of, user_named
from negosim.errors import UserError
from negosim.rewards import reward_words
from negosim.rl._card import Drops
from negosim.rl._trajectory import MetaValue, TrajectoryTurn
from negosim.rl.policy_text import negotiation_system, policy_turn
from negosim.rl.sources._source import Found, Source, SourceFile

if TYPE_CHECKING:
    from negosim.records import Dialogue
    from negosim.scenarios import Scenario

JUDGED = "judged:"

NEGOTIATION, CONVERSATION = "negotiation", "conversation"
"""Tasks of dialogues in which something is settled, and of others without simulated users."""

OF_THE_PERSON = ("persona", "user_seed", "problem_type", "situation", "temperament", "initial_intensity")
"""What is known of a user before the first word, whoever plays it."""


def read(files: Sequence[SourceFile], learner: int, drops: Drops) -> Iterator[Found]:
    """Yield the finished dialogues of the run folders, seen from the learner's side.

    Raises:
        UserError: a folder holds no run, or (`drops.strict`) a dialogue failed.

    """
    from negosim.store import Run

    for folder in (file.path for file in files):
        run = Run.open(folder)
        for number, dialogue in enumerate(run, 1):
            where = f"{folder.name}, dialogue {number} ({dialogue.id})"
            scenario = run.scenario(dialogue.scenario)
            if learner >= len(scenario.roles):
                raise UserError(f"{where}: there is no agent {learner + 1}; roles are {len(scenario.roles)}")
            if dialogue.status == "failed":
                drops.add("the dialogue failed", where)
            elif all(turn.role != learner for turn in dialogue.turns):
                drops.add("the learner never speaks", where)
            else:
                yield _found(dialogue, scenario, learner, folder.name, where)


def _found(dialogue: "Dialogue", scenario: "Scenario", learner: int, run: str, where: str) -> Found:
    outcome = dialogue.outcome
    known = outcome.status not in ("unknown", "not_applicable")
    unknown = (None,) * len(scenario.roles)
    return Found(
        id=f"{run}-{dialogue.id}-agent-{learner + 1}",
        where=where,
        turns=_turns(dialogue, scenario, learner),
        rewards={
            "own": (outcome.rewards or outcome.values or unknown)[learner],
            "joint": outcome.joint_value,
            "agreement": float(outcome.status == "agreement") if known else None,
        },
        record=dialogue,
        terminal=_terminal(dialogue, scenario),
        system=negotiation_system(scenario, learner, deceptive=learner in dialogue.condition.deceptive),
        # Matched pairs and both sides of one dialogue stay together.
        group=f"{dialogue.scenario}-{dialogue.index}",
        meta={
            "task": task_of(scenario),
            "scenario": dialogue.scenario,
            "condition": dialogue.condition.name,
            "learner": learner + 1,
            "status": outcome.status,
            "end": dialogue.end,
            **_person(dialogue, scenario),
        },
    )


def task_of(scenario: "Scenario") -> str:
    """Return what the dialogues of a scenario are to hindsight and evaluation."""
    return kind_of(scenario) or (NEGOTIATION if scenario.has_deals else CONVERSATION)


def what_is_learnt(folders: Sequence[Path], learner: int) -> tuple[str | None, str | None]:
    """Return the task and what the learner's own reward is, each None where runs differ in it."""
    from negosim.store import Run

    found = [scenario for folder in folders for scenario in Run.open(folder).header.scenarios.values()]
    tasks = {task_of(scenario) for scenario in found}
    rewards = {reward_words(scenario, learner) for scenario in found if learner < len(scenario.roles)}
    return (tasks.pop() if len(tasks) == 1 else None), (rewards.pop() if len(rewards) == 1 else None)


def _terminal(dialogue: "Dialogue", scenario: "Scenario") -> bool:
    """Tell whether a dialogue came to its end: where nothing is settled, the scenario's own cap is one."""
    if dialogue.end not in ("max_turns", "safety_stop"):
        return True
    return not scenario.has_deals and len(dialogue.turns) == scenario.max_turns


def _person(dialogue: "Dialogue", scenario: "Scenario") -> Mapping[str, MetaValue]:
    """Return who the simulated user is, if there is one."""
    user = user_named(scenario, dialogue)
    facts = {} if user is None else user.facts()
    return {name: facts[name] for name in OF_THE_PERSON if name in facts}


def _turns(dialogue: "Dialogue", scenario: "Scenario", learner: int) -> list[TrajectoryTurn]:
    names = [role.name for role in scenario.roles]
    return [
        policy_turn(turn.utterance, turn.role, learner, names, tactic=turn.tactic, deals=scenario.has_deals)
        for turn in dialogue.turns
    ]


def judged_rewards(folders: Sequence[Path], question: str, learner: int) -> dict[str, float]:
    """Return a judged score by dialogue id, as `judged:[SET/]QUESTION[@JUDGE]` asks for it.

    The score is a third party's (of the judge "oracle": the record's own); repeats are averaged, yes
    counts 1 and no 0. Dialogues without a usable judgement are absent.

    Raises:
        UserError: no sheet has the question, several judges answered it and none is named, or its
            answers are no numbers.

    """
    from negosim.records import THIRD_PARTY, TRUTH
    from negosim.store import Run

    wanted, _, judge = question.removeprefix(JUDGED).partition("@")
    question_set, _, name = wanted.rpartition("/")
    perspective = TRUTH if judge == "oracle" else THIRD_PARTY
    values: dict[str, list[float]] = defaultdict(list)
    judges: dict[tuple[str, str, str], None] = {}
    for sheet in (sheet for folder in folders for sheet in Run.open(folder).judgements()):
        if sheet.perspective != perspective or (question_set and sheet.questions != question_set):
            continue
        for item in sheet.judgements:
            about_learner = item.agent in (None, learner) and item.turn is None
            if item.question != name or not about_learner or (judge and sheet.judge != judge):
                continue
            judges[sheet.questions, sheet.judge, sheet.fingerprint] = None
            if item.status == "ok":
                values[sheet.dialogue].append(_number(item.value, question))
    if not judges:
        raise UserError(
            f"--reward {question}: no {perspective} judgement of {name!r} about agent {learner + 1} or "
            f"the whole dialogue in {', '.join(map(str, folders))}; judge the run first: negosim judge RUN"
        )
    if len(judges) > 1:
        found = ", ".join(f"{JUDGED}{sheet}/{name}@{who} ({mark_[:8]})" for sheet, who, mark_ in judges)
        raise UserError(f"--reward {question}: several judgements answer it; name one of {found}")
    return {dialogue: statistics.fmean(numbers) for dialogue, numbers in values.items()}


def _number(value: object, question: str) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    raise UserError(f"--reward {question}: its answers are {value!r} and the like, no numbers")


SOURCE = Source(
    id="run",
    task=None,
    licence="that of the models that wrote the dialogues; negosim's own simulated ones: Apache-2.0",
    citation=None,
    rewards={
        "own": "the scenario's reward of the learner, else the value of the outcome in its payoff's points",
        "joint": "value of the outcome to all sides, in their payoffs' points",
        "agreement": "1 with an agreement, 0 without",
    },
    learners=("agent 1", "agent 2"),
    read=read,
    note="Moves stand in brackets behind the words; the other side's tactics are left out.",
)
