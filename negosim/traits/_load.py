"""The shape of a list of traits, and loading one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from negosim._fields import Name, Number, Slug, Text
from negosim._frozen import Frozen, empty, unset
from negosim._reading import Problem, describe_errors, read_yaml, with_lines
from negosim.errors import UserError
from negosim.plugins import PluginError, PluginFile, find, sources, suggest
from negosim.traits._parameters import PARAMETERS

SUFFIXES = (".yaml", ".yml")

RESERVED = ("all", "none")
"""Words that a choice of traits uses for something else."""

_SEVERAL = re.compile(r"\d+-of-.+")


def _own_name(name: str) -> str:
    if name in RESERVED or _SEVERAL.fullmatch(name):
        raise ValueError(f"{name!r} means something else where traits are chosen; use another id")
    return name


class Trait(Frozen):
    """A disposition that a role can be given: in words for chat models, in numbers for embedded ones."""

    id: Annotated[Slug, AfterValidator(_own_name)]
    name: Name
    archetype: Name
    """The group it belongs to."""
    disposition: Text
    """What the role is told of itself, in the second person."""
    opposite: Annotated[Slug | None, Field(exclude_if=unset)] = None
    """A trait of the same list that nobody has together with this one."""
    simulated: Annotated[dict[str, dict[str, Number]], Field(default_factory=dict, exclude_if=empty)]
    """By kind of embedded participant: what is added to which of its numbers (`PARAMETERS`)."""
    tactics: Annotated[
        dict[Slug, Annotated[float, Field(gt=0, le=100)]], Field(default_factory=dict, exclude_if=empty)
    ]
    """By id or family of a tactic: the factor on how often embedded participants choose it."""


class TraitList(Frozen):
    """Traits that belong together."""

    schema_version: Literal[1]
    title: Name
    source: Text
    """The work it follows, and what is negosim's own."""
    traits: Annotated[tuple[Trait, ...], Field(min_length=1)]


def list_trait_lists() -> dict[str, PluginFile]:
    """Return every list of traits that can be named by id, sorted."""
    return sources("traits", SUFFIXES)


def load_trait_list(reference: str) -> TraitList:
    """Load a list of traits by id ("courtroom") or by the path of its file.

    Raises:
        UserError: there is no such list; the nearest names are suggested.
        PluginError: the file is wrong; every problem is listed with its line and field.

    Examples:
        >>> from negosim.traits import load_trait_list
        >>> [trait.id for trait in load_trait_list("courtroom").traits][:2]
        ['quantitative', 'methodical']

    """
    source = find("traits", reference, SUFFIXES)
    return _parse(source.read_text(), source.name)


@lru_cache(maxsize=64)
def _parse(text: str, name: str) -> TraitList:
    data, lines = read_yaml(text, name)
    try:
        loaded = TraitList.model_validate(data)
    except ValidationError as error:
        raise PluginError(name, with_lines(describe_errors(error, data), lines)) from None
    if problems := list(_check(loaded)):
        raise PluginError(name, with_lines(problems, lines))
    return loaded


def _check(loaded: TraitList) -> Iterator[Problem]:
    """Yield what is wrong although every field is of the right form."""
    by_id: dict[str, Trait] = {}
    for at, trait in enumerate(loaded.traits):
        if trait.id in by_id:
            yield Problem(("traits", at, "id"), f"{trait.id!r} is used twice; ids must differ")
        by_id.setdefault(trait.id, trait)
        if not trait.simulated and not trait.tactics:
            what = "give 'simulated' or 'tactics', so that embedded participants can have the trait too"
            yield Problem(("traits", at), what)
        yield from _check_parameters(trait, ("traits", at, "simulated"))
    for at, trait in enumerate(loaded.traits):
        if trait.opposite is None:
            continue
        other = by_id.get(trait.opposite)
        if other is None:
            what = f"no trait {trait.opposite!r} in this list; {suggest(trait.opposite, by_id)}"
            yield Problem(("traits", at, "opposite"), what)
        elif other.opposite != trait.id or other is trait:
            what = f"opposites name each other: give {trait.opposite!r} the opposite {trait.id!r}"
            yield Problem(("traits", at, "opposite"), what)


def _check_parameters(trait: Trait, where: tuple[str | int, ...]) -> Iterator[Problem]:
    for kind, amounts in trait.simulated.items():
        if kind not in PARAMETERS:
            yield Problem((*where, kind), f"no kind of participant {kind!r}; {suggest(kind, PARAMETERS)}")
            continue
        limits = PARAMETERS[kind]
        for name, amount in amounts.items():
            if name not in limits:
                yield Problem((*where, kind, name), f"a {kind} has no {name!r}; {suggest(name, limits)}")
                continue
            width = limits[name][1] - limits[name][0]
            if not 0 < abs(amount) <= width:
                what = f"it is added, and so lies between -{width:g} and {width:g} and is not 0"
                yield Problem((*where, kind, name), what)


def traits_by_id(references: Sequence[str]) -> Mapping[str, tuple[str, Trait]]:
    """Return the traits of some lists by id, each with the list it is of as that was named.

    Raises:
        UserError: a list is wrong or not there, or two have a trait of the same id.

    """
    found: dict[str, tuple[str, Trait]] = {}
    for reference in references:
        for trait in load_trait_list(reference).traits:
            known: Any = found.setdefault(trait.id, (reference, trait))
            if known[0] != reference:
                raise UserError(
                    f"trait {trait.id!r} is in both {known[0]!r} and {reference!r}; name one of the lists"
                )
    return found
