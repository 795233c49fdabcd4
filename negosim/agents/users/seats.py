"""Seats: which role of a scenario is a simulated user's, which talks with it, and who the user is."""

from collections.abc import Sequence
from typing import NamedTuple

from negosim.agents.users.making import KINDS, persona_words, sim_user
from negosim.agents.users.user import SimUser
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.plugins import suggest
from negosim.records import SIMULATED, Dialogue
from negosim.scenarios import Role, Scenario
from negosim.traits import Trait
from negosim.views import Side

APART = 10_000_000
"""Seeds of users set aside for one seed of a run, so that no two runs share a user."""

USER, CHAT, IMAGINED_KIND = "user", "chat", "imagined"
"""Kinds of agents that are users: by rules, by a chat model, and as one writes them with all the others."""

SILENT = "(leaves without a word)"
"""What a user who leaves without a word is recorded to have said."""


class EmbeddedRole(NamedTuple):
    """A role that an embedded participant can play."""

    kind: str
    """Of the conversation: "donation" or "support"."""
    user: bool
    """Whether it is the user, whom the agent talks to."""


SEATS = {
    "persuader": EmbeddedRole("donation", user=False),
    "donor": EmbeddedRole("donation", user=True),
    "supporter": EmbeddedRole("support", user=False),
    "help-seeker": EmbeddedRole("support", user=True),
}
"""By what a role of a scenario is `simulated` as."""


def seat_of(role: Role) -> EmbeddedRole | None:
    """Return the seat of a role, None where nothing embedded can take it."""
    return SEATS.get(role.simulated) if role.simulated else None


def kind_of(scenario: Scenario) -> str | None:
    """Return the conversation that a scenario is: "donation", "support", None for another."""
    return next((seat.kind for role in scenario.roles if (seat := seat_of(role))), None)


def user_role(scenario: Scenario) -> int | None:
    """Return the position of the role that a simulated user plays, None where there is none."""
    seats = [seat_of(role) for role in scenario.roles]
    return next((index for index, seat in enumerate(seats) if seat and seat.user), None)


def number_of(run: int, index: int) -> int:
    """Return the number of a dialogue's user.

    A negative seed is an evaluation's: its users have negative numbers, so that no corpus has them.

    Args:
        run: seed of the run.
        index: of the dialogue.

    """
    return run * APART + index if run >= 0 else (run + 1) * APART - 1 - index


def user_of(side: Side, personas: str) -> SimUser:
    """Return the user that plays a role in a dialogue.

    Args:
        side: of the role.
        personas: one, or several joined with "+" that take turns; "" for all there are.

    Raises:
        UserError: the role is no user's, or has no such persona.

    """
    seat = seat_of(side.role)
    assert seat is not None
    return _user(seat.kind, personas, number_of(side.seed.run, side.seed.index), side.traits)


def user_named(
    scenario: Scenario, dialogue: Dialogue, traits: Sequence[Sequence[Trait]] = ()
) -> SimUser | None:
    """Return the user of a stored dialogue as before the first word; None where nobody was simulated.

    Where a chat model played, it is the person that the model was told to be. `traits` are those that the
    run gave to each role (`Run.traits_of`).
    """
    role = user_role(scenario)
    if role is None:
        return None
    kind, _, target = dialogue.models[role].partition(":")
    seat = seat_of(scenario.roles[role])
    if seat is None or kind not in (USER, CHAT, SIMULATED, IMAGINED_KIND):
        return None
    personas = split_personas(target)[0] if kind == CHAT else target if kind == USER else ""
    given = traits[role] if traits else ()
    return _user(seat.kind, personas, number_of(dialogue.seed, dialogue.index), given)


def split_personas(target: str) -> tuple[str, str]:
    """Split "skeptical+caring:openai:NAME" into personas and model; without personas the first is ""."""
    head, _, rest = target.partition(":")
    words = {word for kind in KINDS for word in persona_words(kind)}
    return (head, rest) if set(head.split("+")) <= words else ("", target)


def _user(kind: str, personas: str, number: int, traits: Sequence[Trait] = ()) -> SimUser:
    names = persona_words(kind)
    chosen = personas.split("+") if personas else list(names)
    for name in chosen:
        if name not in names:
            raise UserError(f"{kind} has no user {name!r}; {suggest(name, names)}")
    if len(set(chosen)) < len(chosen):
        raise UserError(f"{personas!r} names a user twice; name each once")
    return sim_user(kind, names[chosen[number % len(chosen)]], number, traits)


def misplaced(spec: ModelSpec, side: Side, what: str, better: str) -> UserError:
    """Return what is said of a participant that is named for the wrong role."""
    return UserError(
        f"{spec.name!r} is {what}, and {side.role.name} in {side.seed.scenario!r} is not; "
        f"name {better} for that role"
    )


def needed_seat(side: Side, spec: ModelSpec) -> EmbeddedRole:
    """Return the seat of a role that an embedded participant is to play.

    Raises:
        UserError: the role has none.

    """
    seat = seat_of(side.role)
    if seat is None:
        raise UserError(
            f"{spec.name!r} cannot play {side.role.name} in {side.seed.scenario!r}: the scenario does not "
            "say that such a participant can; scenarios 'donation' and 'support' do"
        )
    return seat
