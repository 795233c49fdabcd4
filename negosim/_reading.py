"""Reading the files people write (YAML, JSON): plain data, the line of each place, every problem."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from negosim.errors import UserError

__all__ = [
    "Location",
    "PluginError",
    "Problem",
    "describe_errors",
    "dotted",
    "read_json",
    "read_yaml",
    "shown",
    "with_lines",
]

Location = tuple[str | int, ...]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser on top of libyaml, where PyYAML was built with it."""

MAX_DEPTH = 32
"""Deeper nesting than this is no plugin file but a mistake, or an attack."""
TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep; close a bracket or reduce the indentation"


def dotted(where: Location) -> str:
    """Write a place for people, who count from one: "roles.1.brief"."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in where)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where in its data, and what would be right."""

    where: Location
    what: str
    line: int | None = None

    def __str__(self) -> str:
        place = dotted(self.where)
        line = f"line {self.line}: " if self.line is not None else ""
        return f"{line}{place}: {self.what}" if place else f"{line}{self.what}"


class PluginError(UserError):
    """A plugin file is wrong; `problems` has everything found."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(
            sorted(problems, key=lambda problem: (problem.line or 0, str(problem.where), problem.what))
        )
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{name}: {count}", *(f"  {problem}" for problem in self.problems)]))


def shown(given: object) -> str:
    """Write what was given for a message, cut to a readable length."""
    text = repr(given)
    return text if len(text) <= 80 else f"{text[:60]}...{text[-15:]}"


def describe_errors(error: ValidationError, data: object = None) -> list[Problem]:
    """Turn pydantic's findings into problems that name what was given.

    With `data`, what was validated, places are those of the data: the names pydantic puts between
    them for the members of a union are left out.
    """
    problems = []
    for item in error.errors(include_url=False):
        place, what = tuple(item["loc"]), _explain(item)
        if what is not None:
            missing = item["type"] == "missing"
            problems.append(Problem(place if data is None else _place_in(data, place, missing), what))
    return problems


_WHAT = {
    "extra_forbidden": "unknown field; check its spelling or remove it",
    "missing": "missing; this field is required",
    "string_too_short": "must not be empty",
}


def _explain(item: ErrorDetails) -> str | None:
    kind, what, given = item["type"], item["msg"].removeprefix("Value error, "), item.get("input")
    if kind in _WHAT:
        return _WHAT[kind]
    if kind == "too_short" and isinstance(given, list | tuple | dict):
        fewest = item["ctx"]["min_length"]
        # pydantic counts sound items only; where enough are given, the unsound ones are told apart.
        return f"give at least {fewest}, not {len(given)}" if len(given) < fewest else None
    if kind == "string_type" and isinstance(given, bool | int | float):
        return f"must be text; put it in quotes: {str(given).lower()!r}"
    if kind == "string_pattern_mismatch":
        what = "use lower-case letters, digits and single hyphens, as in 'unit-price'"
        if "_" in item["ctx"]["pattern"]:
            what = "begin with a lower-case letter; then letters, digits, single underscores: 'final_stance'"
    return f"{what}, not {shown(given)}" if isinstance(given, str | int | float | bool | None) else what


def _place_in(data: Any, place: Location, missing: bool) -> Location:
    found: list[str | int] = []
    for number, part in enumerate(place):
        if isinstance(data, list | tuple):
            known = isinstance(part, int) and part < len(data)
        else:
            known = isinstance(data, Mapping) and part in data
        if known:
            data = data[part]
        if known or (missing and number == len(place) - 1):
            found.append(part)
    return tuple(found)


def with_lines(problems: Iterable[Problem], lines: Mapping[Location, int]) -> list[Problem]:
    """Give each problem the line of its place, or of the nearest enclosing place."""
    located = []
    for problem in problems:
        where = problem.where
        while where and where not in lines:
            where = where[:-1]
        located.append(Problem(problem.where, problem.what, lines.get(where, 1)))
    return located


def read_json(text: str) -> tuple[Any, list[Problem]]:
    """Parse JSON; return its data and what is wrong with it (broken syntax, a key given twice)."""
    problems: list[Problem] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                problems.append(Problem((key,), "given twice; keep one"))
            seen.add(key)
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique), problems
    except json.JSONDecodeError as error:
        return None, [Problem((), f"not valid JSON: {error.msg} (column {error.colno})", error.lineno)]
    except (ValueError, RecursionError) as error:
        return None, [Problem((), f"not valid JSON: {error}")]


@dataclass
class _Found:
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_yaml(text: str, name: str) -> tuple[Any, dict[Location, int]]:
    """Parse YAML; return its data and the line of every place in it (first line is 1).

    The file is plain data, read as YAML 1.2's core schema reads it: `yes`, `no` and `2026-01-31` are
    text, keys are always text. Anchors, aliases and tags, which could make a small file unfold into a
    huge one, are refused.

    Raises:
        PluginError: broken syntax, a key given twice, an alias or a tag, each with its line.

    """
    found = _Found()
    try:
        events = (event for event in yaml.parse(text, Loader=LOADER) if not isinstance(event, _FRAME))
        first = next(events, None)
        data = None if first is None else _node(first, events, (), found)
        if (extra := next(events, None)) is not None:
            what = "a second document begins here; a file has one, so remove '---'"
            found.problems.append(Problem((), what, _line(extra)))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        what = "not valid YAML: " + " ".join(part for part in (error.problem, error.context) if part)
        if "nesting depth" in what:  # the parser has a bound of its own, met before ours in a long line
            what = TOO_DEEP
        raise PluginError(name, [Problem((), what, line)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PluginError(
            name, [Problem((), f"not valid YAML: {error.reason} ({error.character!r})", line)]
        ) from None
    except _TooDeepError as error:
        raise PluginError(name, [Problem((), TOO_DEEP, error.line)]) from None
    if found.problems:
        raise PluginError(name, found.problems)
    return data, found.lines


_FRAME = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _node(event: yaml.Event, events: Iterator[yaml.Event], where: Location, found: _Found) -> Any:
    line = _line(event)
    found.lines.setdefault(where, line)
    if len(where) > MAX_DEPTH:
        raise _TooDeepError(line)
    if isinstance(event, yaml.AliasEvent):
        found.problems.append(
            Problem(where, f"aliases (*{event.anchor}) are not supported; write the content out", line)
        )
        return None
    if (tag := getattr(event, "tag", None)) is not None:
        found.problems.append(Problem(where, f"tags ({tag}) are not supported; remove it", line))
    if isinstance(event, yaml.ScalarEvent):
        return _plain(event.value, where, line, found) if event.implicit[0] else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(event, events, (*where, len(items)), found))
        return items
    return _mapping(events, where, found)


def _mapping(events: Iterator[yaml.Event], where: Location, found: _Found) -> dict[str, Any]:
    data: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            found.problems.append(
                Problem(where, "a key must be plain text, not a list, a mapping or an alias", line)
            )
            _node(event, events, (*where, "?"), found)
            _node(next(events), events, (*where, "?"), found)
            continue
        place = (*where, event.value)
        if event.value in data:
            found.problems.append(Problem(place, "given twice; keep one", line))
        found.lines[place] = line
        data[event.value] = _node(next(events), events, place, found)
    return data


_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _plain(text: str, where: Location, line: int, found: _Found) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > 300 and _FLOAT.fullmatch(text):
        found.problems.append(
            Problem(where, f"a number of {len(text)} characters; put it in quotes if it is text", line)
        )
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
