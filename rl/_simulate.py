"""Corpora made by the engine, with simulated users or imagined whole: trajectories prepared from a run."""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from negosim._loop import run_coroutine
from negosim.agents.users import user_role
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.models import Budget, ChatModel, GivenModel, name_of
from negosim.rl._card import Card
from negosim.rl._io import Format, check_new
from negosim.rl._runs import Means, finished_run
from negosim.rl.evaluation import learner_of, run_of
from negosim.rl.sources import prepare
from negosim.scenarios import load_scenario

EMBEDDED = "embedded"
"""What imagines dialogues where no chat model is named: the participants that come with negosim."""

USUAL_SKILL = "habit:0.3"

IMAGINED_SEEDS = 1_000_000
"""What is added to the seeds of imagined dialogues, so that their persons are in no simulated corpus."""

Watch = Callable[[int, int], None]
"""Told how many dialogues are over, and how many there will be."""


def simulate(
    scenario: str,
    out: str | Path,
    *,
    dialogues: int = 1000,
    skill: float = 0.3,
    agent: str | None = None,
    seed: int = 0,
    users: Sequence[str] = ("all",),
    split: str = "own",
    format: Format = "jsonl",
    run: str | Path | None = None,
    concurrency: int = 4,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    prompts: str | Path | None = None,
    watch: Watch = lambda over, planned: None,
    ray: str | None = None,
) -> Card:
    """Write a corpus of dialogues between an agent and simulated users.

    Args:
        scenario: what they talk about.
        out: the folder to make.
        dialogues: how many, with each of the participants that `users` names.
        skill: of the embedded agent, 0 to 1.
        agent: who talks with the users, in place of the embedded agent.
        seed: the same seed makes the same corpus; corpora of different seeds share no user.
        users: "all", personas, which take turns, or a participant such as "chat:openai:NAME".
        split: "own" (80/10/10), shares as "80/10/10", or one split for all.
        format: of the file.
        run: where the run folder is kept that the corpus is prepared from; else it is not. One that was
            stopped is gone on with.
        concurrency: dialogues at once, where chat models take part.
        chat_models: models of the caller's own, by name.
        cache: whether answers of chat models are kept and taken again.
        budget: of all calls.
        prompts: folder of prompt templates that override single ones.
        watch: told how far it is.
        ray: a Ray cluster that plays, as `negosim.generate` takes it.

    Returns:
        The data card of the corpus.

    Raises:
        UserError: a user is unknown, or the folder cannot be made.

    Examples:
        >>> from negosim.rl import simulate
        >>> simulate("donation", "talks", dialogues=20, skill=0.6).trajectories
        20

    """
    _check_places(out, run)
    config = run_of(
        scenario,
        agent or f"habit:{skill:g}",
        users,
        dialogues=dialogues,
        seed=seed,
        concurrency=concurrency,
        prompts=prompts,
    )
    scrap = tempfile.TemporaryDirectory() if run is None else nullcontext(str(run))
    with scrap as folder:
        place = Path(folder) if run is not None else Path(folder) / f"{scenario}-{seed}"
        _play(config, place, Means(chat_models or {}, cache, budget, ray), watch)
        return prepare(place, out, split=split, format=format)


def imagine(
    scenario: str,
    out: str | Path,
    *,
    dialogues: int = 2000,
    model: GivenModel = EMBEDDED,
    learner: int | None = None,
    seed: int = 0,
    split: str = "own",
    format: Format = "jsonl",
    run: str | Path | None = None,
    concurrency: int = 4,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    prompts: str | Path | None = None,
    watch: Watch = lambda over, planned: None,
    ray: str | None = None,
) -> Card:
    """Write a corpus of dialogues that nobody held: a model writes all sides, from the first word.

    A chat model writes each dialogue in one call ("imagined:MODEL", as `generate` takes it) and then answers
    in each role's place what the scenario asks in private. Where the scenario has simulated users, every
    dialogue has another person, drawn as theirs are. The run folder is kept, and the same call goes on where
    it was stopped.

    Args:
        scenario: any.
        out: the folder to make.
        dialogues: how many; one that fails is in the run alone.
        model: a chat model, or "embedded": whoever plays the scenario's roles without one.
        learner: whose side the corpus is of, from 1; None: who talks with the user, else the first role.
        seed: of every random choice.
        split: "own" (80/10/10), shares as "80/10/10", or one split for all.
        format: of the file.
        run: the run folder; by default one in `runs/` of the working directory, named after all this.
        concurrency: dialogues at once, where a chat model writes them.
        chat_models: models of the caller's own, by name.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use.
        prompts: folder of prompt templates that override single ones.
        watch: told how far it is.
        ray: a Ray cluster that plays, as `negosim.generate` takes it.

    Returns:
        The data card.

    Raises:
        UserError: an argument is wrong, a model cannot be reached, or no dialogue came of it.
        ModelError, BudgetError: a provider is gone, or the budget is used up; what was made is kept.

    Examples:
        >>> from negosim.rl import imagine
        >>> imagine("donation", "imagined", dialogues=12, run="imagined-run").trajectories
        12

    """
    place = Path(run or imagined_run(scenario, model, dialogues, seed)).expanduser()
    _check_places(out, place)
    loaded = load_scenario(scenario)
    role = learner_of(loaded, learner)
    name = name_of(model)
    models: tuple[str, ...] = (f"imagined:{name}",)
    if name == EMBEDDED:
        user = user_role(loaded)
        models = ("sim",) if user is None else ("user",) * len(loaded.roles)
        models = models if user is None else (*models[:role], USUAL_SKILL, *models[role + 1 :])
    config = RunConfig(
        scenarios=scenario,
        models=models,
        dialogues=dialogues,
        seed=seed + IMAGINED_SEEDS,
        planner="direct",
        concurrency=1 if name == EMBEDDED else concurrency,
        prompts=prompts,
    )
    _play(config, place, Means(chat_models or {}, cache, budget, ray), watch)
    return prepare(place, out, learner=role + 1, split=split, format=format)


def imagined_run(scenario: str, model: GivenModel, dialogues: int, seed: int) -> Path:
    """Return where the run of imagined dialogues lies that has no place of its own.

    It is named after what is asked for, so that the same call finds it.
    """
    name = re.sub(r"[^\w.+-]+", "-", name_of(model)).strip("-.")
    return Path("runs") / f"imagined-{Path(scenario).stem}-{name}-{dialogues}-{seed}"


def _check_places(out: str | Path, run: str | Path | None) -> None:
    target = Path(out).expanduser()
    check_new(target)
    if run is not None and Path(run).expanduser().resolve().is_relative_to(target.resolve()):
        raise UserError(
            f"the run folder {str(run)!r} lies in {str(out)!r}, which is made of it; choose another"
        )


def _play(config: RunConfig, place: Path, means: Means, watch: Watch) -> None:
    planned = config.dialogues
    run_coroutine(finished_run(config, place, means, watch=lambda over: watch(over, planned)))
