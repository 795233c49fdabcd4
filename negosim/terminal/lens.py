"""Whose eyes a record is shown through."""

from collections.abc import Sequence
from dataclasses import dataclass

from negosim._text import one_line
from negosim.errors import UserError
from negosim.records import Condition
from negosim.scenarios import Scenario


@dataclass(frozen=True)
class Lens:
    """What of a dialogue is shown."""

    private: frozenset[int] = frozenset()
    """The roles whose reflections, rollouts and values are shown."""
    truth: bool = False
    """Whether what no role knows is shown: which claims are false, the joint value, the account."""
    thoughts: bool = True
    """Whether reflections and rollouts are shown where the role's private side is."""

    def thinks(self, role: int) -> bool:
        """Whether a role's reflections and rollouts are shown."""
        return self.thoughts and role in self.private


def lens_of(view: str, scenario: Scenario, *, thoughts: bool = True) -> Lens:
    """Return the lens of a view: "all", "public", or a role's id or number from 1.

    Raises:
        UserError: the scenario has no such role.

    """
    ids = [role.id for role in scenario.roles]
    if view == "all":
        return Lens(frozenset(range(len(ids))), truth=True, thoughts=thoughts)
    if view == "public":
        return Lens()
    if view in ids:
        return Lens(frozenset({ids.index(view)}), thoughts=thoughts)
    if view.isdecimal() and 1 <= int(view) <= len(ids):
        return Lens(frozenset({int(view) - 1}), thoughts=thoughts)
    known = ["public", "all", *(str(number + 1) for number in range(len(ids))), *ids]
    raise UserError(f"view {view!r} is unknown; {scenario.id!r} has {', '.join(known)}")


def traits_of(role: int, traits: Sequence[Sequence[str]], lens: Lens) -> str:
    """Name the traits that a role was given, as far as the lens may know; "" for none."""
    return ", ".join(traits[role]) if role in lens.private and len(traits) > role else ""


def player_of(role: int, models: Sequence[str], traits: Sequence[Sequence[str]], lens: Lens) -> str:
    """Say what plays a role, and with which traits, as far as the lens may know."""
    given = traits_of(role, traits, lens)
    return f"(model: {one_line(models[role])}{f'; traits: {one_line(given)}' if given else ''})"


def condition_line(scenario: Scenario, condition: Condition, lens: Lens) -> str | None:
    """Say in words what the dialogue was made under, as far as the lens may know; None: nothing."""
    if not condition.known:
        return "unknown" if lens.truth else None
    if lens.truth and not condition.deceptive:
        return "honest: nobody was told to lie"
    told = [role for role in condition.deceptive if role in lens.private]
    if not told:
        return None
    liars = " and ".join(f"agent {role + 1} ({scenario.roles[role].name})" for role in told)
    return f"DECEPTIVE: {liars} may lie"
