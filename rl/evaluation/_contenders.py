"""From names to what is measured: whatever can play a role, and the dialogues of a set ("data:TRAJ")."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from negosim._text import several
from negosim.agents import named_decoding
from negosim.agents.users import DISCUSSANT, kind_of, persona_words, tempers
from negosim.engine import settings_identity
from negosim.errors import UserError
from negosim.models import GivenModel, ModelSpec, name_of
from negosim.plugins import suggest
from negosim.rl._io import read_card
from negosim.rl.policy_files import check_policy_files
from negosim.scenarios import Scenario

POLICY, DATA = "policy:", "data:"

WITH = " with "
"""Between an agent and the planner it alone thinks by: "openai:NAME with procot"."""

FORMS = "habit:SKILL, sim, a policy folder, data:TRAJ, or a chat model as openai:NAME"


@dataclass(frozen=True)
class Contender:
    """An agent to be measured: one that plays, or the dialogues of a set."""

    name: str
    model: str | None
    """How a run's configuration names it; None for a set."""
    data: Path | None = None
    decoding: str | None = None
    """With which settings it speaks, where it is a policy."""
    planner: str | None = None
    """How it thinks a turn through; None: as the evaluation says for all."""


def contenders_of(
    agents: Sequence[GivenModel],
    scenario: Scenario,
    decoding: Mapping[str, float],
    own: Collection[str] = (),
) -> list[Contender]:
    """Return what is named, in its order.

    Args:
        agents: whatever can play the role, a policy's folder, or "data:FOLDER"; with " with PLANNER" behind
            it one thinks by a planner of its own.
        scenario: what they are to do.
        decoding: of all policies: what is to differ from the settings stored with them.
        own: names of agents that the caller brings as objects.

    Raises:
        UserError: a name is wrong or given twice, or what it names is not there.

    """
    names = [name_of(agent) for agent in agents]
    if not names:
        raise UserError(f"no agent is named; an agent is {FORMS}")
    for name, count in Counter(names).items():
        if count > 1:
            raise UserError(f"agent {name!r} is named {count} times; name each once")
    found = [_contender(name, scenario, decoding, own) for name in names]
    spelt = Counter((one.model, one.planner) for one in found if one.model is not None)
    for (model, planner), count in spelt.items():
        if count > 1:
            same = " and ".join(
                repr(one.name) for one in found if (one.model, one.planner) == (model, planner)
            )
            raise UserError(f"{same} are the same agent; name each once")
    if decoding and not any(one.decoding for one in found):
        raise UserError(
            f"{' and '.join(sorted(decoding))}: settings of policies, and none of the agents is one"
        )
    return found


def _contender(
    name: str, scenario: Scenario, decoding: Mapping[str, float], own: Collection[str]
) -> Contender:
    if name in own:
        return Contender(name, name)
    agent, between, planner = name.rpartition(WITH)
    if between and not Path(name).expanduser().is_dir():
        if agent.startswith(DATA):
            raise UserError(f"{name!r}: dialogues of a set are there already; no planner made them")
        settings_identity(planner.strip())
        made = _contender(agent.strip(), scenario, decoding, own)
        return replace(made, name=name, planner=planner.strip())
    if name.startswith(DATA):
        return Contender(name, None, _data(name, scenario))
    folder = Path(name).expanduser()
    if folder.is_dir() and not (folder / "policy.json").exists():
        raise UserError(
            f"{name!r} is a folder without policy.json; a folder of trajectories is named data:{name}, and "
            "policies are made with negosim rl train"
        )
    if folder.is_dir() or name.startswith(POLICY):
        return _policy(name, decoding)
    return Contender(name, _spelt(name))


def _spelt(name: str) -> str:
    """Return a name in the spelling that all who are the same share."""
    spec = ModelSpec.parse(name)
    return name if spec.chats else str(spec)


def _policy(name: str, decoding: Mapping[str, float]) -> Contender:
    plain = name if name.startswith(POLICY) else f"{POLICY}{Path(name).expanduser().resolve()}"
    settings = "&".join(f"{key}={value:g}" for key, value in decoding.items())
    model = f"{plain}{'&' if '?' in plain else '?'}{settings}" if settings else plain
    spec = ModelSpec.parse(model)
    check_policy_files(spec.target)  # before torch is loaded, which takes seconds
    from negosim.rl.policy import Sampling, read_policy_card

    stored = read_policy_card(spec.target).decoding
    used = Sampling.model_validate({**stored.model_dump(), **named_decoding(spec)})
    return Contender(
        name,
        model,
        decoding=f"beta {used.advantage:g}, top_k {used.top_k}, min_p {used.min_p:g}, "
        f"temperature {used.temperature:g}, max_tokens {used.max_tokens}",
    )


def _data(name: str, scenario: Scenario) -> Path:
    folder = Path(name.removeprefix(DATA)).expanduser()
    of = read_card(folder).origin.task
    if of != (kind_of(scenario) or of):
        raise UserError(f"{name} holds dialogues of another task ({of}); the scenario is {scenario.id}")
    return folder


def partners_of(users: Sequence[str], scenario: Scenario) -> tuple[list[str], list[str]]:
    """Return the participants that agents meet, one after the other, and the personas named among them.

    Args:
        users: "all", personas, which take turns, or participants by name, such as "chat:openai:NAME"; where
            the scenario has no simulated users, participants alone, and "all" is the simulated negotiator.
        scenario: what they do.

    Raises:
        UserError: somebody is unknown or named twice.

    """
    users = several(users)
    for name, count in Counter(users).items():
        if count > 1:
            raise UserError(f"{name!r} is named {count} times among the users; name each once")
    kind = kind_of(scenario)
    if kind is None:
        named = tempers() if any(role.simulated == DISCUSSANT for role in scenario.roles) else {}
        return ["sim" if name == "all" else f"user:{name}" if name in named else name for name in users], []
    words = persona_words(kind)
    known = {each: name for word, name in words.items() for each in (name, word)}
    personas = [known[name] for name in users if name in known]
    found = ["user" if name == "all" else name for name in users if name not in known]
    for name in found:
        if ":" not in name and name not in ("user", "sim"):
            raise UserError(f"{scenario.id} has no user {name!r}; {suggest(name, words.values())}")
    spelt = {name: word for word, name in words.items()}
    joined = "+".join(spelt[name] for name in personas)
    return [*([f"user:{joined}"] if personas else []), *found], personas
