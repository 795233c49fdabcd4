"""Loading taxonomies: JSONL (a tactic a line) or JSON (`{"sources": [...], "tactics": [...]}`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, TypeAdapter, ValidationError

from negosim._fields import Name, Slug, Text
from negosim._frozen import Frozen, unset
from negosim.errors import UserError
from negosim.plugins import (
    Location,
    PluginError,
    PluginFile,
    Problem,
    describe_errors,
    find,
    read_json,
    shown,
    sources,
    suggest,
)

SUFFIXES = (".jsonl", ".json")


class TacticWords(Frozen):
    """How the simulated negotiator puts a tactic into words, and how it bargains with it.

    The texts are templates; docs/plugins.md says how they are written.
    """

    frames: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Sentences that express the tactic."""
    short: tuple[Text, ...] = ()
    """For turns of a few words."""
    closing: tuple[Text, ...] = ()
    """For the last words after a deal."""
    stance: Literal["firm", "fair", "give", "step"] = "fair"
    """What it does to the offer that goes with it; "step" settles one issue at a time."""
    weights: tuple[NonNegativeFloat, NonNegativeFloat, NonNegativeFloat] = (1.0, 1.0, 1.0)
    """How often it is chosen early, in the middle and late, next to the others."""


class Tactic(Frozen):
    """One way of influencing the other side."""

    id: Slug
    name: Name
    definition: Text
    family: Name
    deceptive: bool
    """Whether the tactic rests on misleading or coercing the other side.

    An agent in the honest condition leaves these alone. Hard but honest bargaining (anchoring, a real
    deadline, an appeal to guilt) is not marked; threats, pressure and exploitation are, like lies.
    """
    example: Text
    """One utterance that uses it."""
    source: Text | None = None
    """The literature the notion is from, as author and year; `Taxonomy.sources` has the full references."""
    simulated: Annotated[TacticWords | None, Field(exclude_if=unset)] = None
    """Words for the simulated negotiator; without them it has its own for the built-in tactics alone."""


class Taxonomy(Frozen):
    """A named list of tactics."""

    id: str
    sources: tuple[Text, ...] = ()
    """Full references of the literature."""
    tactics: Annotated[tuple[Tactic, ...], Field(min_length=1)]

    @cached_property
    def by_id(self) -> dict[str, Tactic]:
        """The tactics by id, in file order."""
        return {tactic.id: tactic for tactic in self.tactics}

    def usable(self, *, deceptive: bool) -> "Taxonomy":
        """Return what an agent may choose from: everything when deceptive, else the ethical tactics."""
        if deceptive:
            return self
        ethical = tuple(tactic for tactic in self.tactics if not tactic.deceptive)
        return Taxonomy.model_construct(id=self.id, sources=self.sources, tactics=ethical)

    def get(self, reference: str) -> Tactic:
        """Return the tactic with this id or name, in any case.

        Raises:
            UserError: there is none; the nearest are suggested.

        """
        wanted = reference.strip().casefold()
        for tactic in self.tactics:
            if wanted in (tactic.id, tactic.name.casefold()):
                return tactic
        raise UserError(f"taxonomy {self.id!r} has no tactic {reference!r}; {suggest(wanted, self.by_id)}")


def list_taxonomies() -> dict[str, PluginFile]:
    """Return every taxonomy that can be named by id, sorted."""
    return sources("taxonomies", SUFFIXES)


def load_taxonomy(reference: str) -> Taxonomy:
    """Load a taxonomy by id ("persuasion") or by the path of its file.

    Args:
        reference: an id, or the path of a file.

    Returns:
        The taxonomy, validated.

    Raises:
        UserError: there is no such taxonomy; the nearest names are suggested.
        PluginError: the file is wrong; every problem is listed with its line and field.

    Examples:
        >>> import negosim
        >>> negosim.load_taxonomy("persuasion").get("social-proof").name
        'Social Proof'

    """
    source = find("taxonomies", reference, SUFFIXES)
    return _parse(source.read_text(), source.name, source.id)


@lru_cache(maxsize=32)
def _parse(text: str, name: str, stem: str) -> Taxonomy:
    if PurePath(name).suffix == ".jsonl":
        rows, problems = _read_lines(text)
        cited: tuple[str, ...] = ()
    else:
        rows, cited, problems = _read_whole(text)
    tactics: list[tuple[_Row, Tactic]] = []
    for row in rows:
        try:
            tactics.append((row, Tactic.model_validate(row.data)))
        except ValidationError as error:
            problems += [row.problem(p.where, p.what) for p in describe_errors(error, row.data)]
    problems += _twice(tactics)
    if not rows and not problems:
        problems.append(Problem((), "no tactics; give at least one"))
    if problems:
        raise PluginError(name, problems)
    return Taxonomy(id=stem, sources=cited, tactics=tuple(tactic for _, tactic in tactics))


@dataclass(frozen=True)
class _Row:
    """One tactic as given, and where: its line in JSONL, its place in JSON."""

    data: Any
    place: Location
    line: int | None

    def problem(self, where: Location, what: str) -> Problem:
        return Problem((*self.place, *where), what, self.line)


def _read_lines(text: str) -> tuple[list[_Row], list[Problem]]:
    rows: list[_Row] = []
    problems: list[Problem] = []
    # Not splitlines(): JSON text may hold the other characters that count as line ends there.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            data, found = read_json(line)
            problems += [Problem(p.where, p.what, number) for p in found]
            if not found:
                rows.append(_Row(data, (), number))
    return rows, problems


def _read_whole(text: str) -> tuple[list[_Row], tuple[str, ...], list[Problem]]:
    data, problems = read_json(text)
    if problems:
        return [], (), problems
    if not isinstance(data, Mapping) or not isinstance(data.get("tactics"), list):
        what = f'a JSON taxonomy is {{"sources": [...], "tactics": [...]}}, not {shown(data)}'
        return [], (), [Problem((), what)]
    for key in data.keys() - {"sources", "tactics"}:
        problems.append(Problem((key,), "unknown field; check its spelling or remove it"))
    cited: tuple[str, ...] = ()
    try:
        cited = _SOURCES.validate_python(data.get("sources", []))
    except ValidationError as error:
        problems += [
            Problem(("sources", *p.where), p.what) for p in describe_errors(error, data.get("sources"))
        ]
    return [_Row(row, ("tactics", index), None) for index, row in enumerate(data["tactics"])], cited, problems


_SOURCES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[Text, ...])


def _twice(tactics: list[tuple[_Row, Tactic]]) -> Iterator[Problem]:
    for field in ("id", "name"):
        seen: set[str] = set()
        for row, tactic in tactics:
            given = getattr(tactic, field)
            if given.casefold() in seen:
                yield row.problem((field,), f"{given!r} is used twice; {field}s must differ")
            seen.add(given.casefold())
