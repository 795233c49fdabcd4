"""Loading taxonomies: JSONL (a tactic a line) or JSON (`{"sources": [...], "tactics": [...]}`)."""

import json
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.plugins import PluginError, Problem, Source, describe_errors, find, sources, suggest

SUFFIXES = (".jsonl", ".json")

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Tactic(Frozen):
    """One way of influencing the other side."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Text
    definition: Text
    family: Text
    deceptive: bool
    """Whether the tactic rests on misleading or coercing the other side."""
    example: Text
    source: str | None = None


class Taxonomy(Frozen):
    """A named list of tactics."""

    id: str
    sources: tuple[Text, ...] = ()
    tactics: Annotated[tuple[Tactic, ...], Field(min_length=1)]

    @cached_property
    def by_id(self) -> dict[str, Tactic]:
        """The tactics by id, in file order."""
        return {tactic.id: tactic for tactic in self.tactics}

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


def list_taxonomies() -> dict[str, Source]:
    """Return every taxonomy that can be named by id, sorted."""
    return sources("taxonomies", SUFFIXES)


def load_taxonomy(reference: str) -> Taxonomy:
    """Load a taxonomy by id ("persuasion") or by the path of its file.

    Raises:
        UserError: there is no such taxonomy; the nearest names are suggested.
        PluginError: the file is wrong; every problem is listed with its line and field.

    """
    source = find("taxonomies", reference, SUFFIXES)
    return _parse(source.read_text(), source.name, source.id)


@lru_cache(maxsize=32)
def _parse(text: str, name: str, stem: str) -> Taxonomy:
    lines = name.endswith(".jsonl")
    problems: list[Problem] = []
    rows: list[tuple[int | None, Any]] = []
    cited: Any = []
    if lines:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    rows.append((number, json.loads(line)))
                except json.JSONDecodeError as error:
                    problems.append(Problem((), f"not valid JSON: {error.msg} (column {error.colno})", number))
    else:
        data = _read_json(text, name)
        rows = [(None, row) for row in data["tactics"]]
        cited = data.get("sources", [])
    tactics = []
    for index, (line_number, row) in enumerate(rows):
        prefix = () if lines else ("tactics", index)
        try:
            tactics.append(Tactic.model_validate(row))
        except ValidationError as error:
            problems += [Problem((*prefix, *p.where), p.what, line_number) for p in describe_errors(error)]
    problems += _twice(tactics)
    if not rows and not problems:
        problems.append(Problem((), "no tactics; give at least one"))
    if problems:
        raise PluginError(name, problems)
    try:
        return Taxonomy(id=stem, sources=cited, tactics=tuple(tactics))
    except ValidationError as error:
        raise PluginError(name, describe_errors(error)) from None


def _read_json(text: str, name: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        problem = Problem((), f"not valid JSON: {error.msg} (column {error.colno})", error.lineno)
        raise PluginError(name, [problem]) from None
    if not isinstance(data, dict) or not isinstance(data.get("tactics"), list):
        raise PluginError(name, [Problem((), 'a JSON taxonomy is {"sources": [...], "tactics": [...]}')])
    unknown = sorted(data.keys() - {"sources", "tactics"})
    if unknown:
        raise PluginError(name, [Problem((key,), "unknown field; check its spelling or remove it") for key in unknown])
    return data


def _twice(tactics: list[Tactic]) -> Iterator[Problem]:
    field: Literal["id", "name"]
    for field in ("id", "name"):
        seen: set[str] = set()
        for tactic in tactics:
            key = getattr(tactic, field).casefold()
            if key in seen:
                yield Problem((field,), f"{getattr(tactic, field)!r} is used twice; {field}s must differ")
            seen.add(key)
