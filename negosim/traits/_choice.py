"""Choosing traits for a role: the same in all dialogues, drawn from a distribution, or swept.

`1=quantitative,charismatic` gives role 1 both in all dialogues. `1=draw:quantitative*3/charismatic/none`
draws one of the alternatives between the slashes for each dialogue, by weight. `1=sweep:calm/anxious` makes
each dialogue once with each alternative. `2-of-courtroom` stands for every pair of a list.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.traits._load import Trait

EVERYBODY = "all"
NOTHING = "none"

_SEVERAL = re.compile(r"(?P<size>[1-9]\d*)-of-(?P<list>.+)")

Alternatives = Sequence[tuple[float, tuple[str, ...]]]
"""Weights, and the ids of the traits given together."""


class TraitChoice(NamedTuple):
    """What a role is given."""

    role: str
    """Its id, its number from 1, or "all"."""
    how: Literal["given", "draw", "sweep"]
    among: tuple[tuple[float, tuple[str, ...]], ...]
    """Weights with what stands between the slashes: ids, "none" as nothing, or one "N-of-LIST"."""


def read_choice(text: str) -> TraitChoice:
    """Read what a role is given.

    Raises:
        ValueError: it is written in no such way; says how.

    Examples:
        >>> read_choice("1=draw:quantitative*3/none")
        TraitChoice(role='1', how='draw', among=((3.0, ('quantitative',)), (1.0, ())))

    """
    role, equals, said = (part.strip() for part in text.partition("="))
    how, colon, rest = said.partition(":")
    kind: Any = how if colon else "given"
    if not (role and equals and said) or kind not in ("given", "draw", "sweep"):
        raise ValueError(
            f"{text!r}: write ROLE=TRAIT,TRAIT, ROLE=draw:TRAIT*WEIGHT/TRAIT or ROLE=sweep:TRAIT/TRAIT, "
            "with a role's number, its id or all"
        )
    among = tuple(_alternative(part, text, kind) for part in (rest if colon else said).split("/"))
    if kind == "given" and len(among) > 1:
        raise ValueError(f"{text!r}: several alternatives are drawn or swept; write draw: or sweep: first")
    return TraitChoice(role, kind, among)


def _alternative(text: str, whole: str, kind: str) -> tuple[float, tuple[str, ...]]:
    names, star, weight = text.partition("*")
    if star and kind != "draw":
        raise ValueError(f"{whole!r}: a weight (*{weight}) goes with draw:")
    try:
        factor = float(weight) if star else 1.0
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1e6:
        raise ValueError(f"{whole!r}: {weight!r} is no weight; write a number above 0")
    ids = tuple(name.strip() for name in names.split(","))
    if not all(ids) or (len(ids) > 1 and NOTHING in ids):
        raise ValueError(f"{whole!r}: between slashes write traits with commas between them, or none")
    if len(set(ids)) < len(ids):
        raise ValueError(f"{whole!r} names a trait twice; name it once")
    several = [name for name in ids if _SEVERAL.fullmatch(name)]
    if several and (len(ids) > 1 or kind == "given"):
        raise ValueError(f"{whole!r}: {several[0]!r} stands alone between slashes, behind draw: or sweep:")
    return factor, () if ids == (NOTHING,) else ids


def read_choices(given: Any) -> Any:
    """Return choices as texts; a mapping from roles, and one text alone, will do as well.

    Raises:
        ValueError: one is written in no such way, or two are for the same role.

    """
    if isinstance(given, Mapping):
        given = [
            f"{role}={said if isinstance(said, str) else ','.join(map(str, said))}"
            for role, said in given.items()
        ]
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return given
    choices = [read_choice(text) for text in texts]
    roles = [choice.role for choice in choices]
    for role in roles:
        if roles.count(role) > 1:
            raise ValueError(f"role {role!r} is given traits twice; give them at once, with commas")
    return tuple(text.strip() for text in texts)


def alternatives(choice: TraitChoice, known: Mapping[str, tuple[str, Trait]]) -> Alternatives:
    """Return what a choice is among, `N-of-LIST` written out; all have the same share of its weight.

    Args:
        choice: what a role is given.
        known: traits by id, with the list each is of.

    Raises:
        UserError: a trait or a list is not there, or opposites are given together.

    """
    found: list[tuple[float, tuple[str, ...]]] = []
    for weight, ids in choice.among:
        if len(ids) == 1 and (several := _SEVERAL.fullmatch(ids[0])):
            teams = _teams(several["list"], int(several["size"]), known)
            found += [(weight / len(teams), team) for team in teams]
            continue
        for name in ids:
            if name not in known:
                raise UserError(f"no trait {name!r}; {suggest(name, known)} Further lists: --trait-list")
        if clash := _clash(ids, known):
            raise UserError(f"{clash[0]!r} and {clash[1]!r} are opposites; nobody has both")
        found.append((weight, ids))
    return found


def _teams(of: str, size: int, known: Mapping[str, tuple[str, Trait]]) -> list[tuple[str, ...]]:
    """Return every team of so many traits of a list; opposites are in no team together."""
    lists: dict[str, list[str]] = {}
    for name, (reference, _) in known.items():
        lists.setdefault(Path(reference).stem, []).append(name)
    if of not in lists:
        raise UserError(f"no list of traits {of!r}; {suggest(of, lists)} Further lists: --trait-list")
    teams = [team for team in combinations(lists[of], size) if not _clash(team, known)]
    if not teams:
        raise UserError(f"list {of!r} has no {size} traits that go together")
    return teams


def _clash(ids: Sequence[str], known: Mapping[str, tuple[str, Trait]]) -> tuple[str, str] | None:
    return next(((one, two) for one, two in combinations(ids, 2) if known[one][1].opposite == two), None)
