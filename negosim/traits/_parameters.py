"""Effects of traits on embedded participants: which numbers a trait moves, within what limits."""

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from negosim.traits._load import Trait

NEGOTIATOR = "negotiator"
"""The simulated negotiator; the other kinds are what a scenario says a role is `simulated` as."""

PARAMETERS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    NEGOTIATOR: {
        "exponent": (0.2, 4.0),
        "opening": (0.5, 1.0),
        "floor": (0.0, 0.9),
        "patience": (0.0, 1.0),
        "talkativeness": (0.0, 0.9),
        "directness": (0.0, 1.0),
        "guile": (0.0, 1.0),
        "credulity": (0.0, 1.0),
        "attention": (0.0, 1.0),
        "reserve": (0.0, 1.0),
        "nerve": (0.0, 1.0),
        "fixed_pie": (0.1, 10.0),
        "anchored": (0.0, 1.0),
        "careless": (0.0, 1.0),
        "mishears": (0.0, 1.0),
    },
    "persuader": {"skill": (0.0, 1.0)},
    "supporter": {"skill": (0.0, 1.0)},
    "donor": {
        "trust": (0.0, 1.0),
        "interest": (0.0, 1.0),
        "irritable": (0.0, 3.0),
        "threshold": (0.0, 1.0),
        "generosity": (0.05, 1.0),
    },
    "help-seeker": {"openness": (0.05, 1.0), "understood": (0.0, 1.0), "advice_from": (0.0, 1.0)},
    "discussant": {
        "step": (0.0, 0.5),
        "cares": (0.0, 5.0),
        "pushed": (0.0, 0.5),
        "tires": (0.0, 1.0),
    },
}
"""By kind of embedded participant: its numbers that traits move, with their least and largest values.

docs/traits.md says what each of them does.
"""

CHOOSING = (NEGOTIATOR, "persuader", "supporter")
"""Kinds that choose among tactics, and so can favour some."""


def shift(traits: Iterable["Trait"], kind: str) -> dict[str, float]:
    """Return how far some traits together move each number of a kind of embedded participant."""
    found: dict[str, float] = {}
    for trait in traits:
        for name, amount in trait.simulated.get(kind, {}).items():
            found[name] = found.get(name, 0.0) + amount
    return found


def shifted(traits: Iterable["Trait"], kind: str, drawn: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers that some traits change, as they are after that, held within their limits.

    Args:
        traits: of the role.
        kind: of embedded participant.
        drawn: the numbers without traits; those that are not there are passed over.

    """
    limits = PARAMETERS[kind]
    return {
        name: min(limits[name][1], max(limits[name][0], drawn[name] + amount))
        for name, amount in shift(traits, kind).items()
        if name in drawn
    }


def favour(traits: Iterable["Trait"], tactic: str, family: str | None = None) -> float:
    """Return the factor on how often a tactic is chosen: those of its id and of its family, multiplied."""
    keys = {tactic, *([family.casefold().replace(" ", "-")] if family else [])}
    return prod(trait.tactics[key] for trait in traits for key in keys & trait.tactics.keys())


def has_effect(trait: "Trait", kind: str | None, acts: Iterable[tuple[str, str | None]] = ()) -> bool:
    """Tell whether a trait changes anything of a kind of embedded participant.

    Args:
        trait: the trait.
        kind: a key of `PARAMETERS`; None: of no such kind, of which traits change nothing.
        acts: what the participant chooses among, each with its family.

    """
    if kind is None or trait.simulated.get(kind):
        return kind is not None
    return kind in CHOOSING and any(favour([trait], act, family) != 1 for act, family in acts)
