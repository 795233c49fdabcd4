"""Making embedded users, and the embedded agents that talk with them, by name."""

from collections.abc import Iterable, Sequence

from negosim.agents.users.frames import load_frames
from negosim.agents.users.persuadee import Persuadee, personas
from negosim.agents.users.persuader import SimPersuader
from negosim.agents.users.seeker import Seeker, problems
from negosim.agents.users.supporter import SimSupporter
from negosim.agents.users.user import SimUser
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.scenarios import Role
from negosim.traits import Trait, shifted

DONATION, SUPPORT = "donation", "support"

KINDS = (DONATION, SUPPORT)
"""Conversations that have simulated users; the built-in scenarios of these names are theirs."""


def persona_names(kind: str) -> tuple[str, ...]:
    """Return the kinds of users of a conversation, "donation" or "support"."""
    return tuple(personas()) if kind == DONATION else tuple(problems())


def persona_words(kind: str) -> dict[str, str]:
    """Return the kinds of users of a conversation by how a name of a participant spells them."""
    return {name.replace(" ", "-"): name for name in persona_names(kind)}


def acts_said(role: Role) -> list[tuple[str, str | None]]:
    """Return what an embedded persuader or supporter chooses among, as tactics without a family."""
    kind = {"persuader": DONATION, "supporter": SUPPORT}.get(role.simulated or "")
    return [(act, None) for act in load_frames(f"{kind}/agent-frames")] if kind else []


def sim_user(kind: str, persona: str, seed: int, traits: Sequence[Trait] = ()) -> SimUser:
    """Make an embedded simulated user of a conversation; the traits of its role change what is drawn.

    Raises:
        UserError: the conversation has no such persona.

    """
    if persona not in persona_names(kind):
        raise UserError(f"{kind} has no user {persona!r}; {suggest(persona, persona_names(kind))}")
    if kind == DONATION:
        return SimUser(kind, persona, seed, lambda rng: Persuadee.draw(persona, rng).given(traits))
    return SimUser(kind, persona, seed, lambda rng: Seeker.draw(persona, rng).given(traits))


def sim_users(kind: str, seeds: Iterable[int], personas: Sequence[str] = ()) -> list[SimUser]:
    """Make an embedded user for each seed; the personas take turns (all there are where none is named)."""
    names = tuple(personas) or persona_names(kind)
    return [sim_user(kind, names[seed % len(names)], seed) for seed in seeds]


def sim_agent(
    kind: str, *, skill: float = 0.3, seed: int = 0, traits: Sequence[Trait] = ()
) -> SimPersuader | SimSupporter:
    """Make the embedded agent of a conversation: 0 is habit, 1 a good plan, between them a mix by turn.

    Traits move its skill, and some of its turns go by what they favour.
    """
    what = "persuader" if kind == DONATION else "supporter"
    skill = shifted(traits, what, {"skill": skill}).get("skill", skill)
    if kind == DONATION:
        return SimPersuader(skill, seed, tuple(traits))
    return SimSupporter(skill, seed, tuple(traits))
