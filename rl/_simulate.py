"""Corpora of dialogues with simulated users: a run of the engine, and trajectories prepared from it."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from negosim._loop import run_coroutine
from negosim.engine import Event, generate_async
from negosim.errors import UserError
from negosim.models import Budget, ChatModel
from negosim.rl._card import Card
from negosim.rl._io import Format, check_new
from negosim.rl.evaluation import run_of
from negosim.rl.sources import prepare


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
    watch: Callable[[Event], None] | None = None,
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
        run: where the run folder is kept that the corpus is prepared from; else it is not.
        concurrency: dialogues at once, where chat models take part.
        chat_models: models of the caller's own, by name.
        cache: whether answers of chat models are kept and taken again.
        budget: of all calls.
        prompts: folder of prompt templates that override single ones.
        watch: told every event of the engine.

    Returns:
        The data card of the corpus.

    Raises:
        UserError: a user is unknown, or the folder cannot be made.

    Examples:
        >>> from negosim.rl import simulate
        >>> simulate("donation", "talks", dialogues=20, skill=0.6).trajectories
        20

    """
    target = Path(out).expanduser()
    check_new(target)
    if run is not None and Path(run).expanduser().resolve().is_relative_to(target.resolve()):
        raise UserError(
            f"the run folder {str(run)!r} lies in {str(out)!r}, which is made of it; choose another"
        )
    scrap = tempfile.TemporaryDirectory() if run is None else nullcontext(str(run))
    with scrap as folder:
        place = Path(folder) if run is not None else Path(folder) / f"{scenario}-{seed}"
        made = run_coroutine(
            generate_async(
                run_of(
                    scenario,
                    agent or f"habit:{skill:g}",
                    users,
                    dialogues=dialogues,
                    seed=seed,
                    concurrency=concurrency,
                    prompts=prompts,
                ),
                out=place,
                watch=watch,
                chat_models=chat_models,
                cache=cache,
                budget=budget,
            )
        )
        return prepare(made.path, out, split=split, format=format)
