"""Extraction of claims by a model, measured apart from the verdict on them.

Each utterance of the committed claims, or of a file of the same form, is read by a model as the lie check has
it read (where a limit is about the table, the other side has made that offer before). Its list is compared
with the known claim: recall (the claim's subject and words, or most of them, were listed), precision (what
was listed is a known claim), and of the limits found how often issue, value and package are exactly right,
which values are missing and which wrong: as the model listed them, and as the check on words keeps them. End
to end: the verdicts on the limits as they were listed.
Intervals are 95 %, Wilson's (1927).

Without a model it says which values of the packages the check on words keeps, of the right ones and of all
other options, and how often an honest limit is accused where one value of its package is missing or wrong.

Utterances are read in an order drawn by seed, so that a part of them is a sample too: with `--minutes` it
stops and says what was counted until then. Answers are cached on disk, so that a further run goes on there.

    python benchmarks/lie_check_extraction.py [FILE] [--model MODEL] [--about SUBJECT] [--sample N]
        [--minutes N]
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Self

from claims import COMMITTED, Known, claimless, known_claims
from claims.asking import task_about
from lie_check import share

from negosim.errors import UserError
from negosim.judging import Situation, Statement, _extraction, verdict
from negosim.judging._claim_reading import ON_THE_TABLE, read_statement
from negosim.judging._extraction import Extracted, extract
from negosim.judging._named import names, read_value
from negosim.models import ModelClient, ModelSpec, open_clients
from negosim.records import Turn
from negosim.scenarios import Role, Scenario, Value

ENOUGH = 0.5
"""Of the shorter quote's words, how many must be in the other."""


@dataclass
class Marks:
    """What was counted."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, held: bool) -> None:
        self.counts[f"{name} of"] += 1
        self.counts[name] += held

    def shown(self) -> None:
        for name in [key.removesuffix(" of") for key in self.counts if key.endswith(" of")]:
            part, whole = self.counts[name], self.counts[f"{name} of"]
            print(f"{name:<44}{part:>5} of {whole:<5}{share(part, whole)}")


class AsListed:
    """Remembers each package as the model listed it, before the check on words keeps what it surely names."""

    def __init__(self) -> None:
        self._packages: list[tuple[Statement, Mapping[str, Any]]] = []

    def __enter__(self) -> Self:
        _extraction.read_statement = self._read  # type: ignore[attr-defined]
        return self

    def __exit__(self, *_: object) -> None:
        _extraction.read_statement = read_statement  # type: ignore[attr-defined]

    def package(self, read: Statement) -> Mapping[str, Any]:
        """Return the package that a statement was read from; what is no value of its issue as it stands."""
        return next(package for statement, package in self._packages if statement is read)

    def _read(
        self, given: Mapping[str, Any], turn: Turn, scenario: Scenario, made_in: Situation
    ) -> Statement:
        said = read_statement(given, turn, scenario, made_in)
        listed = dict(made_in.offer) if given.get("terms") == ON_THE_TABLE else {}
        for term in given.get("package") or ():
            issue = scenario.issue_by_id.get(str(term.get("issue"))) if isinstance(term, dict) else None
            if issue is not None:
                with suppress(ValueError):
                    listed[issue.id] = term.get("value")
                    listed[issue.id] = read_value(issue, term.get("value"))
        self._packages.append((said, {name: one for name, one in listed.items() if name != said.issue}))
        return said


def same_words(one: str, other: str) -> bool:
    """Return whether two quotes are of the same words, most of them."""
    a, b = set(one.casefold().split()), set(other.casefold().split())
    return len(a & b) >= ENOUGH * min(len(a), len(b))


def compare(known: Known, listed: Sequence[Statement], as_listed: AsListed, marks: Marks) -> Statement | None:
    """Count what was listed of an utterance; return the statement that is the known claim."""
    about = known.statement
    alike = [one for one in listed if same_words(one.quote, about.quote)]
    found = next((one for one in alike if one.subject == about.subject), None)
    marks.add("recall: words", bool(alike))
    marks.add("recall: words and subject", found is not None)
    marks.add(f"recall: {about.subject}", found is not None)
    for one in listed:
        marks.add("precision: words", same_words(one.quote, about.quote))
        marks.add("precision: words and subject", one is found)
    if found is not None and about.subject in ("reservation", "priority"):
        marks.add(f"{about.subject}: issue exact", found.issue == about.issue)
        marks.add(f"{about.subject}: stated value exact", found.stated == about.stated)
    if found is not None and about.subject == "reservation":
        _packages("as listed", as_listed.package(found), about, marks)
        _packages("as kept", found.package, about, marks)
    return found


def _packages(when: str, given: Mapping[str, Any], about: Statement, marks: Marks) -> None:
    package = {name: value for name, value in given.items() if name != about.issue}
    marks.add(f"package {when}: exact", package == dict(about.package))
    for name, value in about.package.items():
        marks.add(f"package {when}: values missing", name not in package)
        marks.add(f"package {when}: values wrong", name in package and package[name] != value)
    marks.add(f"package {when}: has a value too many", bool(package.keys() - about.package.keys()))


async def measured(
    claims: Sequence[Known], silent: Sequence[tuple[Scenario, Role, str]], model: str, until: float
) -> Marks:
    """Return what a model lists of so many utterances as it is asked about until then (`time.monotonic`)."""
    marks = Marks()
    async with open_clients({model: ModelSpec.parse(model)}, {}, cache=True, budget=None) as clients:
        client = clients[model]
        assert client is not None
        for number, known in enumerate(claims, 1):
            if time.monotonic() > until:
                break
            await _one(known, client, marks)
            print(f"{number} of {len(claims)}: {dict(marks.counts)}", file=sys.stderr, flush=True)
        for scenario, role, text in silent:
            if time.monotonic() > until:
                break
            task, turn, made_in = task_about(scenario, role, text, client)
            listed = (await extract(task, [turn], made_in))[turn.index]
            marks.add("no claims listed where there are none", not listed)
    return marks


async def _one(known: Known, client: ModelClient, marks: Marks) -> None:
    table = known.statement.package if known.package_in == "table" else None
    task, turn, made_in = task_about(known.scenario, known.role, known.statement.utterance, client, table)
    with AsListed() as as_listed:
        items = (await extract(task, [turn], made_in))[turn.index]
    listed = [item.statement for item in items if isinstance(item, Extracted)]
    marks.add("usable answers", len(listed) == len(items))
    if len(listed) != len(items):
        return
    found = compare(known, listed, as_listed, marks)
    if known.statement.subject == "reservation":
        said = [
            verdict(one, known.role, known.scenario.issues, made_in[turn.index], known.scenario).truth
            for one in listed
            if one.subject == "reservation"
        ]
        kind = "honest" if known.truth == "true" else "false" if known.truth == "false" else None
        if kind is not None:
            marks.add(f"end to end: {kind} limits called false", "false" in said)
        if found is not None:
            right = verdict(found, known.role, known.scenario.issues, made_in[turn.index], known.scenario)
            marks.add("end to end: limits found and right", right.truth in known.accepted)


def kept(claims: Sequence[Known]) -> Marks:
    """Count which values the check on words keeps in packages."""
    marks = Marks()
    for one in claims:
        if one.package_in != "words":
            continue
        for name, value in one.statement.package.items():
            issue = one.scenario.issue_by_id[name]
            for other in issue.values if issue.range is None else (value,):
                kind = "right values kept" if other == value else "other options kept"
                marks.add(kind, names(one.statement.utterance, issue, other))
    return marks


def faulty(claims: Sequence[Known]) -> Marks:
    """Count the honest limits accused where one value of their package is missing, or is another one.

    Of an option every other is tried, of a number the ends of its range. "As kept" is what the check on words
    leaves of such a package.
    """
    marks = Marks()
    for known in claims:
        if known.truth != "true" or known.package_in != "words":
            continue
        said = known.statement
        for name, value in said.package.items():
            rest = {key: one for key, one in said.package.items() if key != name}
            marks.add("honest accused, one value missing", _accused(known, rest, unsure=False))
            issue = known.scenario.issue_by_id[name]
            others = issue.values if issue.range is None else (issue.values[0], issue.values[-1])
            kind = "option" if issue.range is None else "number"
            for other in others:
                if other == value:
                    continue
                wrong = rest | {name: other}
                kept = {key: one for key, one in wrong.items() if _named(known, key, one)}
                unsure = kept != wrong
                marks.add(f"honest accused, one {kind} wrong: as read", _accused(known, wrong, unsure=False))
                marks.add(f"honest accused, one {kind} wrong: as kept", _accused(known, kept, unsure=unsure))
    return marks


def _named(known: Known, issue: str, value: Value) -> bool:
    return names(known.statement.utterance, known.scenario.issue_by_id[issue], value)


def _accused(known: Known, package: Mapping[str, Value], *, unsure: bool) -> bool:
    said = replace(known.statement, package=package, unsure=unsure)
    found = verdict(said, known.role, known.scenario.issues)
    return found.truth == "false"


def main(place: Path, model: str | None, about: str | None, sample: int | None, minutes: float) -> None:
    claims = list(known_claims(place))
    print(f"{place.name}, {len(claims)} claims: values of packages\n")
    kept(claims).shown()
    faulty(claims).shown()
    if model is None:
        return
    Random(1).shuffle(claims)
    asked = [one for one in claims if about in (None, one.statement.subject)][:sample]
    silent = claimless(place)[:sample] if about is None else []
    print(f"\nlisted by {model}, up to {len(asked)} utterances", flush=True)
    try:
        asyncio.run(measured(asked, silent, model, time.monotonic() + 60 * minutes)).shown()
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    given = argparse.ArgumentParser(description="How well a model lists claims.")
    given.add_argument("file", nargs="?", type=Path, default=COMMITTED)
    given.add_argument("--model")
    given.add_argument("--about", help="claims of this subject only: reservation, fact, ...")
    given.add_argument("--sample", type=int)
    given.add_argument("--minutes", type=float, default=float("inf"), help="when to stop")
    options = given.parse_args()
    main(options.file, options.model, options.about, options.sample, options.minutes)
