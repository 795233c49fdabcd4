"""Going on with a conversation of an agent and a user, through the engine, from any prefix."""

from collections.abc import Mapping
from functools import lru_cache

from negosim.agents import Agent
from negosim.agents.sim import SimJudge
from negosim.agents.users import SILENT
from negosim.engine import Participant, continue_dialogue
from negosim.records import Turn, Utterance
from negosim.rl._trajectory import Role, TrajectoryTurn
from negosim.rl.hindsight._protocol import Completion, Prefix, Step
from negosim.scenarios import Scenario
from negosim.taxonomies import load_taxonomy
from negosim.views import side_of

ROLES: tuple[Role, Role] = ("agent", "user")
"""In the order of the scenario's roles."""


async def talked_on(prefix: Prefix, agents: Mapping[Role, Agent], step: Step) -> Completion:
    """Let an agent and a user go on from a prefix, to the end or until there is no more room.

    Args:
        prefix: what was said.
        agents: who plays each side; they are self-directed.
        step: where randomness comes from.

    """
    participants = []
    for index, role in enumerate(ROLES):
        side = side_of(
            _conversation(),
            index,
            deceptive=False,
            opener=ROLES.index(prefix.turns[0].role),
            max_turns=len(prefix.turns) + prefix.room,
            tactics=load_taxonomy("persuasion"),
            techniques=load_taxonomy("deception"),
            seed=step.seed,
        )
        participants.append(Participant(agents[role], SimJudge(), side))
    said = [
        Turn(index=number, role=ROLES.index(turn.role), utterance=Utterance(text=turn.text))
        for number, turn in enumerate(prefix.turns)
    ]
    done = await continue_dialogue(_conversation(), said, participants, planner="direct")
    turns = tuple(
        TrajectoryTurn(role=ROLES[turn.role], text=turn.utterance.text, tactic=turn.tactic)
        for turn in done.turns[len(said) :]
        if turn.utterance.text != SILENT
    )
    return Completion(turns=turns, ended=done.end == "walk_away")


@lru_cache
def _conversation() -> Scenario:
    """Return the scenario of a conversation of which nothing else is known."""
    roles = [
        {"id": role, "name": role.title(), "position": role, "brief": "Talk.", "interests": ["talking"]}
        for role in ROLES
    ]
    return Scenario.model_validate(
        {
            "schema_version": 2,
            "id": "conversation",
            "title": "Conversation",
            "source": "negosim",
            "summary": "An agent talks with a user.",
            "context": "An agent and a user talk.",
            "opener": "agent",
            "roles": roles,
        }
    )
