"""From names to agents: "habit:SKILL", a policy folder, "data:TRAJ", a chat model."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from negosim._frozen import Frozen
from negosim.agents.users import Transcript
from negosim.errors import ModelError, ProtocolError, UserError
from negosim.models import (
    Budget,
    ChatModel,
    Door,
    GivenModel,
    Ledger,
    Message,
    ModelSpec,
    name_of,
    open_doors,
)
from negosim.prompts import Templates, area_templates
from negosim.rl._io import read_card, read_trajectories
from negosim.rl.evaluation._play import Failed, Played, Speaker
from negosim.rl.tasks import Task, persona_names, sim_agent
from negosim.seeding import Seed
from negosim.speech import quoted_line

logger = logging.getLogger(__name__)

HABIT, POLICY, DATA = "habit:", "policy:", "data:"

FORMS = "habit:SKILL, a policy folder, data:TRAJ, or a chat model as openai:NAME"


@dataclass(frozen=True)
class Contender:
    """An agent to be measured: one that speaks, or the dialogues of a set."""

    name: str
    speaker: Speaker | None
    data: Path | None = None
    """Folder of trajectories, where it is the behaviour of a set."""
    decoding: str | None = None
    """With which settings it speaks, where it is a policy."""


class HabitAgent:
    """The embedded agent of a task: no language model."""

    def __init__(self, task: Task, skill: float, seed: int) -> None:
        """Take its skill, 0 to 1, as `negosim rl simulate` has it."""
        self._agent = sim_agent(task, skill=skill, seed=seed)

    async def say(self, transcripts: Sequence[Transcript]) -> Sequence[str | Failed]:
        """Say the next turn of each dialogue."""
        return self._agent(transcripts)


class ChatTurn(Frozen):
    """What a chat model says as the agent."""

    utterance: Annotated[str, Field(min_length=1)]


@dataclass
class ChatAgent:
    """A chat model that is told the task and asked for the next turn: direct prompting."""

    task: Task
    door: Door
    limit: asyncio.Semaphore
    seed: int = 0
    templates: Templates = field(default_factory=partial(area_templates, "evaluation"))
    ledger: Ledger = field(default_factory=Ledger)

    async def say(self, transcripts: Sequence[Transcript]) -> Sequence[str | Failed]:
        """Ask for the next turn of each dialogue; what fails in one dialogue is that one's failure.

        Raises:
            BudgetError: the budget does not allow a call.
            ModelError: the provider is gone for good.

        """
        said = await asyncio.gather(*map(self._say, transcripts), return_exceptions=True)
        lasting = [one for one in said if isinstance(one, BaseException)]
        if lasting:
            raise lasting[0]
        return [one for one in said if not isinstance(one, BaseException)]

    async def _say(self, transcript: Transcript) -> str | Failed:
        names = {"agent": "You", "user": "Other"}
        lines = [f"{names[turn.role]}: {quoted_line(turn.text)}" for turn in transcript.turns]
        asked = self.templates.render("direct-ask", {"lines": lines})
        try:
            async with self.limit:
                answer = await self.door.ask(
                    (self._system, Message("user", asked.strip())),
                    ChatTurn,
                    stage="evaluation-direct",
                    role=None,
                    seed=Seed(self.seed, transcript.id, 0).stream("direct", len(lines)).getrandbits(31),
                    ledger=self.ledger,
                )
        except (ProtocolError, ModelError) as error:
            if isinstance(error, ModelError) and error.concerns_all:
                raise
            return Failed(f"the agent's model failed ({type(error).__name__})")
        return " ".join(answer.utterance.split())

    @cached_property
    def _system(self) -> Message:
        values = {"system": self.task.system, "cap": self.task.cap, "opening": self.task.opening}
        return Message("system", self.templates.render("direct", values).strip())


@asynccontextmanager
async def open_agents(
    agents: Sequence[GivenModel],
    task: Task,
    *,
    seed: int = 0,
    concurrency: int = 4,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    decoding: Mapping[str, float] | None = None,
    prompts: str | Path | None = None,
) -> AsyncIterator[list[Contender]]:
    """Open the agents that are named, in their order, and close them at the end.

    Args:
        agents: "habit:SKILL", "policy:FOLDER" or a policy's folder, "data:FOLDER", a chat model.
        task: what they are to do.
        seed: their randomness comes from it.
        concurrency: calls to chat models at once.
        chat_models: models of the caller's own, by name.
        cache: whether answers of chat models are kept and taken again.
        budget: of all calls.
        decoding: of all policies: fields of `Sampling` that are to differ from what is stored with them.
        prompts: folder whose subfolder `evaluation` has templates that override single ones.

    Raises:
        UserError: a name is wrong or given twice, or what it names is not there.

    """
    chat_models = chat_models or {}
    names: list[str] = [name_of(agent) for agent in agents]
    _check_names(names)
    kinds = {name: _kind(name, chat_models) for name in names}
    if decoding and "policy" not in kinds.values():
        raise UserError(
            f"{' and '.join(sorted(decoding))}: settings of policies, and none of the agents is one"
        )
    chats = [name for name, kind in kinds.items() if kind == "chat"]
    specs = {name: _spec(name) for name in chats if name not in chat_models}
    provided = {name: chat_models[name] for name in chats if name in chat_models}
    ready: dict[str, Contender] = {}
    for name, kind in kinds.items():
        if kind == "habit":
            ready[name] = Contender(name, HabitAgent(task, _skill(name), seed))
        elif kind == "data":
            ready[name] = Contender(name, None, _data(name, task))
        elif kind == "policy":
            from negosim.rl.evaluation._policy_agent import PolicyAgent

            speaker = PolicyAgent.load(name.removeprefix(POLICY), seed, decoding)
            ready[name] = Contender(name, speaker, decoding=speaker.decoding)
    limit = asyncio.Semaphore(concurrency)
    templates = area_templates("evaluation", prompts)
    if prompts is not None and not chats:
        logger.warning("templates in %s are not used: none of these agents is a chat model", prompts)
    async with open_doors(specs, provided, cache=cache, budget=budget) as doors:
        for name, door in doors.items():
            if door is not None:
                ready[name] = Contender(name, ChatAgent(task, door, limit, seed, templates))
        yield [ready[name] for name in names]


def behaviour_of(contender: Contender, task: Task, kinds: Sequence[str]) -> list[Played]:
    """Return the dialogues of a set with the rewards they have there.

    With `kinds`, only those whose persona is one of them. A dialogue that was cut off has no reward that is
    known. What hindsight made of a dialogue counts as its parent's cluster.

    Raises:
        UserError: the set cannot be read, or nothing of it is left.

    """
    assert contender.data is not None
    found = []
    for made in read_trajectories(contender.data):
        persona = made.meta.get("persona") if task.opening == "agent" else made.meta.get("problem_type")
        if kinds and persona not in kinds:
            continue
        known = str(persona) if persona in persona_names(task) else None
        parent = str((made.ancestry or {}).get("parent", made.id))
        user, cluster = f"{contender.name}/{made.id}", f"{contender.name}/{parent}"
        cut = None if made.terminal else "cut off: what was still to come is unknown"
        found.append(Played(user, cluster, known, None if cut else made, cut))
    if not found:
        with_users = f" with {' or '.join(kinds)}" if kinds else ""
        raise UserError(f"{contender.name}: no dialogue{with_users} is there; see its card.json")
    return found


def _check_names(names: Iterable[str]) -> None:
    counts = Counter(names)
    if not counts:
        raise UserError(f"no agent is named; an agent is {FORMS}")
    for name, count in counts.items():
        if count > 1:
            raise UserError(f"agent {name!r} is named {count} times; name each once")


def _kind(name: str, chat_models: Mapping[str, ChatModel]) -> str:
    for prefix, kind in ((HABIT, "habit"), (POLICY, "policy"), (DATA, "data")):
        if name.startswith(prefix):
            return kind
    if name in chat_models:
        return "chat"
    if Path(name).expanduser().is_dir():
        return "policy" if (Path(name).expanduser() / "policy.json").exists() else _unknown_folder(name)
    return "chat"


def _unknown_folder(name: str) -> str:
    raise UserError(
        f"{name!r} is a folder without policy.json; a folder of trajectories is named data:{name}, and "
        "policies are made with negosim rl train"
    )


def _skill(name: str) -> float:
    text = name.removeprefix(HABIT)
    try:
        skill = float(text)
    except ValueError:
        skill = -1.0
    if not 0 <= skill <= 1:
        raise UserError(f"agent {name!r}: {text!r} is no skill; write a number from 0 to 1, as habit:0.3")
    return skill


def _data(name: str, task: Task) -> Path:
    folder = Path(name.removeprefix(DATA)).expanduser()
    of = read_card(folder).origin.task
    if of != task.id:
        raise UserError(f"{name} holds dialogues of another task ({of}); --task is {task.id}")
    return folder


def _spec(name: str) -> ModelSpec:
    if name == "sim" or (":" not in name and name != "local"):
        raise UserError(f"no agent {name!r}; an agent is {FORMS}")
    return ModelSpec.parse(name)
