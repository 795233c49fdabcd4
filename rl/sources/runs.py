"""Stored and imported dialogues as a learner sees them: any role, several rewards."""

import hashlib
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from negosim.agents.users import kind_of, user_named
from negosim.errors import UserError
from negosim.importing import Drops, SourceReading, digest_of, read_source, recorded
from negosim.records import THIRD_PARTY, TRUTH, Dialogue
from negosim.rewards import reward_words
from negosim.rl._trajectory import MetaValue, Split, TrajectoryTurn
from negosim.rl.policy_text import negotiation_system, policy_turn
from negosim.rl.sources._found import Found
from negosim.scenarios import Scenario
from negosim.store import ImportOrigin, Run
from negosim.traits import Trait

JUDGED, CAPPED = "judged:", "capped"

REWARDS = {
    "own": "the scenario's reward of the learner, else the value of the outcome in its payoff's points",
    "joint": "value of the outcome to all sides, in their payoffs' points",
    "agreement": "1 with an agreement, 0 without",
}

STATED = "donation_stated"
"""The fact of a dialogue that says what was given, as it stands in the source, however much that is."""

NEGOTIATION, CONVERSATION = "negotiation", "conversation"
"""Tasks of dialogues in which something is settled, and of others without simulated users."""

OF_THE_PERSON = ("persona", "user_seed", "problem_type", "situation", "temperament", "initial_intensity")
"""What is known of a user before the first word, whoever plays it."""

OWN_LICENCE = "that of the models that wrote the dialogues; negosim's own simulated ones: Apache-2.0"


@dataclass(frozen=True)
class Record:
    """A dialogue with its scenario, and where it stands."""

    dialogue: Dialogue
    scenario: Scenario
    where: str
    no_reward: tuple[str, str] | None = None
    """Why it has no reward, where more is known: the reason, and where it stands."""
    traits: tuple[tuple[Trait, ...], ...] = ()
    """Dispositions that the run gave to each role."""


@dataclass(frozen=True)
class TrajectorySource:
    """A source that is open for reading."""

    id: str
    licence: str
    files: Mapping[str, str]
    """SHA-256 by name."""
    drops: Drops
    records: Iterator[Record]
    """The dialogues, read as they are drawn."""
    scenarios: Sequence[Scenario]
    """What they are about, as far as it is known beforehand."""
    run: Run | None = None
    """The run folder, if it is one."""
    imported: ImportOrigin | None = None
    """Where the dialogues come from, unless negosim has made them."""


def open_source(source: str | Path, *, bad_rows: str, published: bool) -> TrajectorySource:
    """Open a run folder, or anything that can be imported, which is read without being written.

    Raises:
        UserError: it is neither.

    """
    place = Path(source).expanduser()
    if (place / "run.json").is_file():
        return _of_run(Run.open(place), Drops(strict=bad_rows == "stop"))
    reading = read_source(source, bad_rows="stop" if bad_rows == "stop" else "skip", published=published)
    header, records = reading.header(), _of_reading(reading)
    first = list(islice(records, 1))
    return TrajectorySource(
        id=reading.name,
        licence=header.licence or "that of the source",
        files=header.settings["files"],
        drops=reading.drops,
        records=chain(first, records),
        scenarios=[record.scenario for record in first],
        imported=header,
    )


def _of_run(run: Run, drops: Drops) -> TrajectorySource:
    imported = run.header.imported
    name = run.path.name
    if imported is not None:
        drops.counts.update(imported.left_out)
        drops.altered.update(imported.altered)
        drops.problems += imported.problems
    return TrajectorySource(
        id="run" if imported is None else imported.source,
        licence=OWN_LICENCE if imported is None else imported.licence or "that of the source",
        files={name: _digest(run.path)},
        drops=drops,
        records=(
            Record(
                one,
                run.scenario_of(one),
                f"{name}, dialogue {number} ({one.id})",
                traits=run.traits_of(one),
            )
            for number, one in enumerate(run, 1)
        ),
        scenarios=list(run.header.scenarios.values()),
        run=run,
        imported=imported,
    )


def _of_reading(reading: SourceReading) -> Iterator[Record]:
    for dialogue, scenario, found in recorded(reading):
        yield Record(dialogue, scenario, found.where, found.no_reward)


def _digest(folder: Path) -> str:
    """Return the SHA-256 of a run folder's dialogues, shard by shard."""
    shards = sorted(folder.glob("dialogues*"))
    if len(shards) == 1:
        return digest_of(shards[0])
    digest = hashlib.sha256()
    for shard in shards:
        digest.update(shard.read_bytes())
    return f"sha256:{digest.hexdigest()}"


def read(opened: TrajectorySource, learner: int) -> Iterator[Found]:
    """Yield the finished dialogues of a source, seen from the learner's side.

    Raises:
        UserError: there is no such agent, or (`drops.strict`) a dialogue failed or a row is bad.

    """
    prefix = f"{opened.run.path.name}-" if opened.run is not None and opened.imported is None else ""
    for record in opened.records:
        dialogue, scenario = record.dialogue, record.scenario
        if learner >= len(scenario.roles):
            raise UserError(
                f"{record.where}: there is no agent {learner + 1}; roles are {len(scenario.roles)}"
            )
        if dialogue.status == "failed":
            opened.drops.add("the dialogue failed", record.where)
        elif dialogue.facts.get("speakers_known") is False:
            opened.drops.add("the source does not say who speaks", record.where)
        elif all(turn.role != learner for turn in dialogue.turns):
            opened.drops.add("the agent never speaks", record.where)
        else:
            yield _found(record, learner, prefix, imported=opened.imported is not None)


def _found(record: Record, learner: int, prefix: str, *, imported: bool) -> Found:
    dialogue, scenario = record.dialogue, record.scenario
    outcome, facts = dialogue.outcome, dict(dialogue.facts)
    known = outcome.status not in ("unknown", "not_applicable")
    unknown = (None,) * len(scenario.roles)
    split = facts.pop("split", None)
    # One who is talked to by a user has but one side to learn.
    side = "" if imported and kind_of(scenario) and learner == 0 else f"-agent-{learner + 1}"
    return Found(
        id=f"{prefix}{dialogue.id}{side}",
        where=record.where,
        turns=_turns(dialogue, scenario, learner, labelled=imported),
        rewards={
            "own": (outcome.rewards or outcome.values or unknown)[learner],
            "joint": outcome.joint_value,
            "agreement": float(outcome.status == "agreement") if known else None,
            CAPPED: _capped(facts.get(STATED), scenario),
        },
        record=dialogue,
        terminal=_terminal(dialogue, scenario),
        system=negotiation_system(scenario, learner, deceptive=learner in dialogue.condition.deceptive),
        split=_split(split),
        # Matched pairs and both sides of one dialogue stay together.
        group=dialogue.id if imported else f"{dialogue.scenario}-{dialogue.index}",
        meta={
            "task": task_of(scenario),
            "scenario": dialogue.scenario,
            "condition": dialogue.condition.name,
            "learner": learner + 1,
            "status": outcome.status,
            "end": dialogue.end,
            **_person(record),
            **facts,
        },
        no_reward=record.no_reward,
    )


def _split(given: MetaValue) -> Split | None:
    splits: dict[MetaValue, Split] = {"train": "train", "validation": "validation", "test": "test"}
    return splits.get(given)


def _capped(stated: MetaValue, scenario: Scenario) -> float | None:
    """Return an amount that was given, at most what could be."""
    measure = next((one for one in scenario.measures if one.range is not None), None)
    if measure is None or measure.range is None or not isinstance(stated, int | float):
        return None
    return min(float(stated), measure.range.max)


def task_of(scenario: Scenario) -> str:
    """Return what the dialogues of a scenario are to hindsight and evaluation."""
    return kind_of(scenario) or (NEGOTIATION if scenario.issues else CONVERSATION)


def what_is_learnt(opened: TrajectorySource, learner: int) -> tuple[str | None, str | None]:
    """Return the task and what the learner's own reward is, each None where dialogues differ in it."""
    tasks = {task_of(scenario) for scenario in opened.scenarios}
    rewards = {
        reward_words(scenario, learner) for scenario in opened.scenarios if learner < len(scenario.roles)
    }
    own = rewards.pop() if len(rewards) == 1 else None
    if opened.imported is not None:
        own = opened.imported.reward or own
    return (tasks.pop() if len(tasks) == 1 else None), own


def _terminal(dialogue: Dialogue, scenario: Scenario) -> bool:
    """Tell whether a dialogue came to its end: where nothing is settled, the scenario's own cap is one."""
    if dialogue.end not in ("max_turns", "safety_stop"):
        return True
    return not scenario.has_deals and len(dialogue.turns) == scenario.max_turns


def _person(record: Record) -> Mapping[str, MetaValue]:
    """Return who the simulated user is, if there is one."""
    user = user_named(record.scenario, record.dialogue, record.traits)
    facts = {} if user is None else user.facts()
    return {name: facts[name] for name in OF_THE_PERSON if name in facts}


def _turns(dialogue: Dialogue, scenario: Scenario, learner: int, *, labelled: bool) -> list[TrajectoryTurn]:
    """Return the turns; where readers labelled them, the labels of both sides are known."""
    names = [role.name for role in scenario.roles]
    deals = bool(scenario.issues)
    made = [
        policy_turn(turn.utterance, turn.role, learner, names, tactic=turn.tactic, deals=deals)
        for turn in dialogue.turns
    ]
    if not labelled:
        return made
    pairs = zip(made, dialogue.turns, strict=True)
    return [turn.model_copy(update={"tactic": stored.tactic}) for turn, stored in pairs]


def judged_rewards(run: Run, question: str, learner: int) -> dict[str, float]:
    """Return a judged score by dialogue id, as `judged:[SET/]QUESTION[@JUDGE]` asks for it.

    The score is a third party's (of the judge "oracle": the record's own); repeats are averaged, yes
    counts 1 and no 0. Dialogues without a usable judgement are absent.

    Raises:
        UserError: no sheet has the question, several judges answered it and none is named, or its
            answers are no numbers.

    """
    wanted, _, judge = question.removeprefix(JUDGED).partition("@")
    question_set, _, name = wanted.rpartition("/")
    perspective = TRUTH if judge == "oracle" else THIRD_PARTY
    values: dict[str, list[float]] = defaultdict(list)
    judges: dict[tuple[str, str, str], None] = {}
    for sheet in run.judgements():
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
            f"the whole dialogue in {run.path}; judge the run first: negosim judge RUN"
        )
    if len(judges) > 1:
        found = ", ".join(f"{JUDGED}{sheet}/{name}@{who} ({mark_[:8]})" for sheet, who, mark_ in judges)
        raise UserError(f"--reward {question}: several judgements answer it; name one of {found}")
    return {dialogue: statistics.fmean(numbers) for dialogue, numbers in values.items()}


def _number(value: object, question: str) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    raise UserError(f"--reward {question}: its answers are {value!r} and the like, no numbers")
