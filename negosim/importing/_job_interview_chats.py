"""Dialogues of Job Interview as its `data.json` has them: speakers, offers, and what they are worth."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from negosim.importing._row import BadRowError, Row
from negosim.importing._scenario import conversation, name_of, slug
from negosim.importing._source import ImportedDialogue, Said, SourceFile
from negosim.records import Outcome
from negosim.scenarios import Issue, Option, Payoff, Range, Scenario, Value

_ROLES = ("recruiter", "worker")

Utility = Mapping[str, Any]
"""What an issue is worth to one side, as the file has it."""


def is_chat(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is a dialogue of `data.json`."""
    return {"users", "comments", "solutions"} <= row.keys()


def chat_of(file: SourceFile, entry: Row) -> ImportedDialogue:
    """Return the dialogue of a row.

    Raises:
        BadRowError: the two sides are not a recruiter and a worker, or nothing was said.
        KeyError, TypeError, ValueError: the row is not in the published form.

    """
    row = entry.content
    users = {user["role"]: user for user in row["users"]}
    if set(users) != set(_ROLES) or len(row["users"]) != len(_ROLES):
        raise BadRowError("the two sides are not a recruiter and a worker")
    terms = [_terms(users[role]["utilities"]) for role in _ROLES]
    speakers = {users[role]["id"]: position for position, role in enumerate(_ROLES)}
    turns = list(_turns(row, speakers, terms[0]))
    if not turns:
        raise BadRowError("nothing was said or offered")
    status = str(row["status"])
    return ImportedDialogue(
        id=str(row["id"]),
        where=entry.where,
        scenario=_scenario(terms, [users[role]["utilities"] for role in _ROLES]),
        frame=frame(),
        turns=turns,
        outcome=Outcome(status="unknown") if status == "aborted" else None,
        facts={"status": status},
        split=file.split_of(entry),
    )


def _terms(utilities: Sequence[Utility]) -> dict[str, tuple[str, ...]]:
    """Return what is settled, each with the names that it has in offers.

    What an option of one issue is worth may hang on another, as a position's on the company: the two are
    one issue, so that points add up.
    """
    joined = {utility["relatedTo"] for utility in utilities if utility.get("relatedTo")}
    terms: dict[str, tuple[str, ...]] = {}
    for utility in utilities:
        name = utility["name"]
        if name in joined:
            continue
        names = (name, utility["relatedTo"]) if utility.get("relatedTo") else (name,)
        terms[slug("-".join(names))] = names
    return terms


def _turns(
    row: Mapping[str, Any], speakers: Mapping[str, int], terms: Mapping[str, Sequence[str]]
) -> Iterator[Said]:
    """Yield what was said and offered, in the order of time.

    When an offer was accepted is not told: it is, by the other side, before the next offer or at the end.
    """
    events = [("said", comment) for comment in row["comments"]]
    events += [("offered", solution) for solution in row["solutions"]]
    accepted: int | None = None
    for what, event in sorted(events, key=lambda one: str(one[1]["created_at"])):
        role = speakers[event["user_id"]]
        if what == "said":
            if text := " ".join(str(event["body"]).split()):
                yield Said(role, text)
            continue
        if accepted is not None:
            yield Said(accepted, "accept", "accept", wordless=True)
        offer = {issue: _value(event["body"], names) for issue, names in terms.items()}
        yield Said(role, "offer", "offer", offer, wordless=True)
        accepted = 1 - role if event["accepted"] else None
    if accepted is not None:
        yield Said(accepted, "accept", "accept", wordless=True)


def _value(body: Mapping[str, Any], names: Sequence[str]) -> Value:
    values = [body[name] for name in names]
    if len(values) == 1 and isinstance(values[0], int | float) and not isinstance(values[0], bool):
        return int(values[0])
    return slug("-".join(str(value) for value in values))


def _scenario(
    terms: Sequence[Mapping[str, Sequence[str]]], utilities: Sequence[Sequence[Utility]]
) -> Scenario:
    if terms[0] != terms[1]:
        raise BadRowError("the two sides do not settle the same issues")
    named = [{utility["name"]: utility for utility in side} for side in utilities]
    issues = tuple(_issue(id, names, named[0]) for id, names in terms[0].items())
    roles = tuple(
        role.model_copy(update={"payoff": _payoff(terms[0], side, position)})
        for position, (role, side) in enumerate(zip(frame().roles, named, strict=True))
    )
    return frame().model_copy(update={"issues": issues, "roles": roles})


def _options(names: Sequence[str], utilities: Mapping[str, Utility]) -> dict[str, tuple[str, float]]:
    """Return label and points of every option, by id."""
    first = utilities[names[0]]
    if len(names) == 1:
        return {
            slug(option["name"]): (str(option["name"]), first["weight"] * option["weight"])
            for option in first["options"]
        }
    second = utilities[names[1]]
    alone = {option["name"]: second["weight"] * option["weight"] for option in second["options"]}
    found: dict[str, tuple[str, float]] = {}
    for option in first["options"]:
        mine, other = option["names"][names[0]], option["names"][names[1]]
        points = first["weight"] * option["weight"] + alone[other]
        found[slug(f"{mine}-{other}")] = f"{mine}, {other}", points
    return found


def _issue(id: str, names: Sequence[str], utilities: Mapping[str, Utility]) -> Issue:
    label = name_of(" and ".join(names), 1)
    given = utilities[names[0]]
    if given["type"] == "INTEGER":
        grid = Range(min=given["min"], max=given["max"], step=1)
        return Issue(id=id, name=label, phrase=f"the {label.casefold()}", range=grid)
    options = tuple(
        Option(id=option, label=name_of(said, 1)) for option, (said, _) in _options(names, utilities).items()
    )
    return Issue(id=id, name=label, phrase=f"the {label.casefold()}", options=options)


def _payoff(terms: Mapping[str, Sequence[str]], utilities: Mapping[str, Utility], role: int) -> Payoff:
    """Return the points of a side: a recruiter's rise as numbers fall, a worker's as they rise."""
    tables: dict[str, Any] = {}
    for id, names in terms.items():
        given = utilities[names[0]]
        if given["type"] == "INTEGER":
            ends = (given["weight"], 0) if role == 0 else (0, given["weight"])
            tables[id] = [[given["min"], ends[0]], [given["max"], ends[1]]]
        else:
            tables[id] = {option: points for option, (_, points) in _options(names, utilities).items()}
    best = sum(
        max(table.values()) if isinstance(table, dict) else max(points for _, points in table)
        for table in tables.values()
    )
    return Payoff(reservation=0, target=best, issues=tables)


@lru_cache
def frame() -> Scenario:
    """Return what all dialogues have in common: all but what the terms are worth to whom."""
    return conversation(
        "job-interview-chats",
        ("Recruiter", "Applicant"),
        title="The terms of a job",
        context=(
            "A recruiter and an applicant settle the terms of a job: position and company, salary, days off "
            "and workplace. Without a deal neither has any points."
        ),
        source="Yamaguchi, Iwasa and Fujita (2021), Job Interview",
        positions=("recruiter", "applicant"),
    )
