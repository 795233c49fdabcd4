"""Imagining whole dialogues from nothing: the forward model from an empty prefix, then the reward model."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from negosim._loop import run_coroutine
from negosim.agents.users import KINDS, persona_names, sim_user
from negosim.errors import ModelError, ProtocolError, UserError
from negosim.importing import Drops
from negosim.models import Budget, ChatModel, GivenModel, account_of, name_of
from negosim.plugins import suggest
from negosim.prompts import area_templates
from negosim.records import Call
from negosim.rewards import reward_words
from negosim.rl._card import Card, Origin
from negosim.rl._io import Format, check_new, read_card, read_trajectories, write_trajectories
from negosim.rl._split import SplitRule
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._back_ends import EMBEDDED, Chosen, Opened, open_back_ends
from negosim.rl.hindsight._pipeline import NO_COMPLETION, NO_REWARD, PROVIDER, check_completion
from negosim.rl.hindsight._protocol import HARD_SHARE, DiscardedError, Prefix, Step
from negosim.rl.hindsight._setting import BEFORE, Setting, known_setting
from negosim.rl.policy_text import brief_of
from negosim.scenarios import load_scenario
from negosim.seeding import Seed

logger = logging.getLogger(__name__)

MOST_TRIES = 3
"""Attempts for each dialogue that is wanted, before the set stays smaller than asked for."""


def imagine(
    scenario: str,
    out: str | Path,
    *,
    dialogues: int = 2000,
    model: GivenModel = EMBEDDED,
    reward_model: GivenModel | None = None,
    data: str | Path | None = None,
    seed: int = 0,
    split: str = "own",
    format: Format = "jsonl",
    concurrency: int = 4,
    cache: bool = True,
    budget: Budget | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    prompts: str | Path | None = None,
    watch: Callable[[int, int], None] = lambda made, wanted: None,
) -> Card:
    """Write a corpus of dialogues that nobody held: a model writes both sides, from the first word.

    Every dialogue has another person, drawn as those of simulated users are; what it was worth is read off
    its words. What fails is counted in the data card. A call that was stopped takes the answers it had from
    the cache when it is made again.

    Args:
        scenario: "donation" or "support".
        out: the folder to make.
        dialogues: how many.
        model: a chat model, or "embedded": simulated users and an agent.
        reward_model: says what they were worth; None: the same as `model`.
        data: a folder of dialogues that they are to sound like; without one they are like no data.
        seed: of every random choice.
        split: "own" (80/10/10), shares as "80/10/10", or one split for all.
        format: of the file.
        concurrency: model calls at once.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use.
        chat_models: models of the caller's own, by name.
        prompts: folder whose subfolder `hindsight` has templates that override single ones.
        watch: called with dialogues made and wanted.

    Returns:
        The data card.

    Raises:
        UserError: an argument is wrong, or a model cannot be reached.
        ProtocolError: nothing usable came out at all.
        ModelError, BudgetError: a provider is gone, or the budget is used up.

    Examples:
        >>> from negosim.rl import imagine
        >>> imagine("donation", "imagined", dialogues=12).trajectories
        12

    """
    if scenario not in KINDS:
        raise UserError(
            f"{scenario!r} cannot be imagined; {suggest(scenario, KINDS)}; what people settle is played by "
            "negosim generate"
        )
    check_new(Path(out).expanduser())
    setting, rule = known_setting(scenario), SplitRule.parse(split)
    reward = name_of(reward_model) if reward_model is not None else name_of(model)
    chosen = Chosen(controller=EMBEDDED, forward=name_of(model), hard_forward=None, reward=reward)
    if prompts is not None and not chosen.chat_models:
        logger.warning("templates in %s are not used: no chat model is named", prompts)
    originals = [] if data is None else list(read_trajectories(data))
    card = None if data is None else read_card(data)
    drops = Drops()

    async def made() -> tuple[list[Trajectory], list[Call]]:
        async with open_back_ends(
            chosen,
            setting,
            card,
            originals,
            seed=seed,
            concurrency=concurrency,
            chat_models=chat_models or {},
            templates=area_templates("hindsight", prompts),
            cache=cache,
            budget=budget,
        ) as opened:
            imagination = _Imagination(setting, opened, seed, rule, hard_share=HARD_SHARE if originals else 0)
            found = await imagination.all(dialogues, drops, watch)
            return found, imagination.calls

    found, calls = run_coroutine(made())
    if not found:
        listed = "; ".join(f"{count:,} times {why}" for why, count in drops.counts.most_common())
        raise ProtocolError(f"no dialogue could be imagined: {listed}")
    words = reward_words(load_scenario(scenario), 0)
    settings = {"model": chosen.forward, "reward_model": reward, "seed": seed, "split": split}
    account = [row.model_dump(mode="json", exclude={"role", "seconds"}) for row in account_of(calls)]
    origin = Origin(
        source="imagined",
        task=scenario,
        licence="that of the models that wrote the dialogues; negosim's own sentences: Apache-2.0",
        reward=f"{words}, read off the text",
        settings={**settings, "data": None if data is None else str(data), "account": account},
    )
    return write_trajectories(out, found, origin, drops=drops, format=format)


class _Imagination:
    """Makes dialogues by number: each follows from seed, number and the models alone."""

    def __init__(
        self, setting: Setting, opened: Opened, seed: int, rule: SplitRule, *, hard_share: float
    ) -> None:
        self._setting, self._opened, self._seed, self._rule = setting, opened, seed, rule
        self._hard_share = hard_share
        self._system = brief_of(setting.task)
        self.calls: list[Call] = []

    async def all(self, wanted: int, drops: Drops, watch: Callable[[int, int], None]) -> list[Trajectory]:
        """Make as many as are wanted: in each round as many attempts as are missing."""
        found: list[Trajectory] = []
        tried = 0
        gate = asyncio.Semaphore(self._opened.width)

        async def one(number: int) -> Trajectory | str:
            async with gate:
                made = await self._attempt(number)
                await asyncio.sleep(0)  # rules never wait for anything; let Ctrl-C through
                return made

        while len(found) < wanted and tried < MOST_TRIES * wanted:
            numbers = range(tried, tried + wanted - len(found))
            tried = numbers.stop
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(number)) for number in numbers]
            for number, task in zip(numbers, tasks, strict=True):
                made = task.result()
                if isinstance(made, str):
                    drops.add(made, f"attempt {number + 1}")
                else:
                    found.append(made)
            watch(len(found), wanted)
        return found

    async def _attempt(self, number: int) -> Trajectory | str:
        """Return a dialogue, or why there is none."""
        name = f"imagined-{self._setting.task}-{self._seed}-{number}"
        step = Step(Seed(self._seed, name, 0))
        prefix = Prefix(self._system, self._person(step), (), self._setting.cap, name)
        try:
            hard = step.stream("hard").random() < self._hard_share
            completion = await self._opened.back_ends.forward.complete(prefix, step, hard=hard)
            check_completion(prefix, completion)
            dialogue = Trajectory(
                id=name,
                source=f"imagined/{name}",
                split=self._rule.split_of("imagined", name, None),
                system=self._system,
                turns=completion.turns,
                reward=0.0,
                meta={key: value for key, value in prefix.meta.items() if key in BEFORE},
            )
            try:
                reward = await self._opened.back_ends.reward.reward(dialogue, step)
            except ProtocolError:
                return NO_REWARD
        except DiscardedError as error:
            return str(error)
        except ProtocolError:
            return NO_COMPLETION
        except ModelError as error:
            if error.concerns_all:
                raise
            return PROVIDER
        finally:
            self.calls += [Call(**row.model_dump()) for row in step.ledger.rows()]
        return dialogue.model_copy(update={"reward": reward})

    def _person(self, step: Step) -> dict[str, str | int | float | bool | None]:
        """Draw who the user is: what is known of a person before the first word."""
        rng = step.stream("person")
        user = sim_user(
            self._setting.task, rng.choice(persona_names(self._setting.task)), rng.getrandbits(40)
        )
        facts = user.facts()
        known = ("persona", "problem_type", "situation", "initial_intensity")
        return {"task": self._setting.task, **{key: facts[key] for key in known if key in facts}}
