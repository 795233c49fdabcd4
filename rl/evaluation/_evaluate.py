"""Evaluating agents: each plays the same dialogues, with the same users; every agent's are a run folder."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from negosim import registry
from negosim._text import several
from negosim.agents.users import seat_of
from negosim.config import RunConfig
from negosim.engine import GivenAgent
from negosim.errors import UserError
from negosim.models import Budget, ChatModel, GivenModel
from negosim.rl._runs import Means, finished_run
from negosim.rl.evaluation._contenders import Contender, contenders_of, partners_of
from negosim.rl.evaluation._measure import Evaluation, measure
from negosim.rl.evaluation._met import Met, behaviour_of, met_in
from negosim.scenarios import Scenario, load_scenario
from negosim.store import Run

Watch = Callable[[str, int, int], None]
"""Told the name of an agent, how many of its dialogues are over, and how many there will be."""

WIDTH = 64
"""Dialogues at once where a policy speaks: it decodes what is waiting side by side."""


@dataclass(frozen=True)
class Evaluated:
    """An evaluation, and the runs it was made from, by agent."""

    evaluation: Evaluation
    runs: Mapping[str, tuple[Run, ...]]


async def evaluate(
    agents: Sequence[GivenModel],
    scenario: str = "donation",
    *,
    users: Sequence[str] = ("all",),
    dialogues: int = 400,
    learner: int | None = None,
    seed: int = 0,
    planner: str = "direct",
    out: str | Path | None = None,
    concurrency: int = 4,
    own: Mapping[str, GivenAgent] | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    decoding: Mapping[str, float] | None = None,
    prompts: str | Path | None = None,
    watch: Watch = lambda name, over, planned: None,
) -> Evaluated:
    """Measure agents on the same dialogues; the first one is what the others are compared with.

    Every agent's dialogues are a run folder. The same call goes on where it was stopped.

    Args:
        agents: whatever can play the role ("habit:0.3", "sim", "openai:NAME"), a policy's folder, or
            "data:FOLDER", the dialogues of a set. "openai:NAME with procot" thinks by a planner of its own.
        scenario: what they do.
        users: whom they meet: "all" simulated users, personas, participants such as "chat:openai:NAME";
            in a negotiation participants, and "all" is the simulated negotiator.
        dialogues: of each agent with each of the participants; personas take turns.
        learner: which role they play, from 1; None: who talks with the user, else the first.
        seed: other seeds have other users, and none has users of a corpus.
        planner: how those think a turn through that name no planner.
        out: folder for the run folders; by default a new one in `runs/` of the working directory.
        concurrency: dialogues at once; where a policy speaks and no chat model, at least 64.
        own: agents of the caller's own, by the name that stands for them in `agents`.
        chat_models: models of the caller's own, by name.
        cache: whether answers of chat models are kept and taken again.
        budget: of all calls.
        decoding: of all policies: fields of `Sampling` that are to differ from what is stored with them.
        prompts: folder of prompt templates that override single ones.
        watch: told how far it is.

    Returns:
        The measured agents, and the run folders their dialogues are in.

    Raises:
        UserError: a name or an argument is wrong.
        BudgetError, ModelError: a chat model's budget is used up, or its provider is gone; what was made
            is kept.

    Examples:
        >>> import asyncio
        >>> from negosim.rl.evaluation import evaluate
        >>> made = asyncio.run(evaluate(["habit:0", "habit:1"], "donation", dialogues=8, out="evaluated"))
        >>> [result.reward.n for result in made.evaluation.results]
        [8, 8]

    """
    loaded, own = load_scenario(scenario), own or {}
    role = learner_of(loaded, learner)
    partners, personas = partners_of(users, loaded)
    contenders = contenders_of(several(agents), loaded, decoding or {}, own)
    if dialogues < 1:
        raise UserError(f"{dialogues} dialogues: an evaluation has at least 1")
    folder = Path(out) if out is not None else new_folder(scenario)
    planned = dialogues * len(partners)
    places = _places(folder, contenders, partners)
    met: dict[str, list[Met]] = {}
    runs: dict[str, tuple[Run, ...]] = {}
    for contender in contenders:
        if contender.model is None:
            met[contender.name] = behaviour_of(contender, loaded, personas)
            continue
        made = list[Run]()
        for partner in partners:
            theirs = contender.model in own
            objects: list[GivenAgent | None] = [None] * len(loaded.roles) if theirs else []
            if theirs:
                objects[role] = own[contender.model]
            config = RunConfig(
                scenarios=scenario,
                models=_seated(loaded, role, "sim" if theirs else contender.model, partner),
                dialogues=dialogues,
                # Of negative seeds no corpus is made, so nobody is measured on users that training has met.
                seed=-1 - seed,
                planner=contender.planner or planner,
                concurrency=_width([contender.model, partner], concurrency),
                prompts=prompts,
            )
            place = places[contender.name, partner]
            before = sum(len(run) for run in made)
            made.append(
                await finished_run(
                    config,
                    place,
                    Means(chat_models or {}, cache, budget),
                    agents=objects,
                    watch=partial(_tell, watch, contender.name, before, planned),
                )
            )
            found = met_in(made[-1], loaded, role, partner)
            met.setdefault(contender.name, []).extend(found)
        runs[contender.name] = tuple(made)
    evaluation = measure(
        met,
        loaded,
        role,
        dialogues_asked=planned,
        seed=seed,
        own_rewards=frozenset(one.name for one in contenders if one.model is None),
        decoding={one.name: one.decoding for one in contenders},
    )
    return Evaluated(evaluation, runs)


def _tell(watch: Watch, name: str, before: int, planned: int, over: int) -> None:
    watch(name, before + over, planned)


def learner_of(scenario: Scenario, learner: int | None) -> int:
    """Return the position of the role that is measured.

    Args:
        scenario: what it is about.
        learner: its number from 1; None: who talks with the simulated user, else the first role.

    Raises:
        UserError: there is no such role, or it is the simulated user's.

    """
    seats = [seat_of(role) for role in scenario.roles]
    if learner is None:
        return next((index for index, seat in enumerate(seats) if seat and not seat.user), 0)
    if not 1 <= learner <= len(seats):
        raise UserError(f"{scenario.id!r} has agents 1 to {len(seats)}, not {learner}")
    if (seat := seats[learner - 1]) is not None and seat.user:
        raise UserError(
            f"agent {learner} of {scenario.id!r} is the user; it is the other one that is measured"
        )
    return learner - 1


def run_of(
    scenario: str,
    agent: str,
    users: Sequence[str],
    *,
    dialogues: int,
    seed: int,
    concurrency: int = 4,
    prompts: str | Path | None = None,
) -> RunConfig:
    """Return the configuration of a run in which an agent talks with simulated users.

    Raises:
        UserError: a user is unknown, or several participants are named.

    """
    loaded = load_scenario(scenario)
    partners, _ = partners_of(users, loaded)
    if len(partners) != 1:
        raise UserError(f"{' and '.join(partners)}: name one of them, or personas alone")
    models = _seated(loaded, learner_of(loaded, None), agent, partners[0])
    return RunConfig(
        scenarios=scenario,
        models=models,
        dialogues=dialogues,
        seed=seed,
        planner="direct",
        concurrency=_width(models, concurrency),
        prompts=prompts,
    )


def _seated(scenario: Scenario, role: int, agent: str, partner: str) -> tuple[str, ...]:
    return tuple(agent if index == role else partner for index in range(len(scenario.roles)))


def _width(models: Iterable[str], concurrency: int) -> int:
    kinds = {name.partition(":")[0] for name in models}
    waits = "chat" in kinds or any(registry.has("providers", kind) for kind in kinds)
    return max(concurrency, WIDTH) if "policy" in kinds and not waits else concurrency


def _places(
    folder: Path, contenders: Sequence[Contender], partners: Sequence[str]
) -> dict[tuple[str, str], Path]:
    """Return a run folder for each agent and participant."""
    places: dict[tuple[str, str], Path] = {}
    for one in contenders:
        for partner in partners:
            name = _slug(one.name) + (f"--{_slug(partner)}" if len(partners) > 1 else "")
            while folder / name in places.values():
                name += "-"
            places[one.name, partner] = folder / name
    return places


def _slug(name: str) -> str:
    short = name if "/" not in name or "://" in name else name.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.+-]+", "-", short).strip("-.") or "agent"


def new_folder(scenario: str) -> Path:
    """Return where the runs of an evaluation lie that has no place: a new folder in `runs/`."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-evaluation-{Path(scenario).stem}-{secrets.token_hex(2)}"
    return Path("runs") / name
