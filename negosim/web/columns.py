"""Columns of a run's table of dialogues: what they are, who may see them, how they are sorted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from negosim._text import duration, money, one_line, points
from negosim.store import IndexedDialogue
from negosim.terminal import VERDICTS, Lens

Audience = Literal["public", "truth"] | int
"""Everybody, those who see everything, or those who see the side of a role."""


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    key: str
    title: str
    audience: Audience
    order: str
    """SQL it is sorted by."""
    cell: Callable[[IndexedDialogue], str]
    number: bool = False
    usual: bool = True
    """Whether it is shown unless the reader chooses."""

    def seen_by(self, lens: Lens) -> bool:
        """Tell whether a view may see it."""
        if self.audience == "public":
            return True
        return lens.truth if self.audience == "truth" else self.audience in lens.private


def columns(roles: int) -> list[Column]:
    """Return the columns of a run whose scenarios have so many roles."""
    found = [
        Column("number", "#", "public", "number", lambda of: str(of.number), number=True),
        Column("scenario", "Scenario", "public", "scenario", _text("scenario")),
        Column("condition", "Condition", "truth", "condition", _text("condition")),
        Column("models", "Models", "public", _json("models"), lambda of: " + ".join(of.row["models"])),
        Column(
            "outcome",
            "Outcome",
            "public",
            "CASE status WHEN 'failed' THEN 'failed' ELSE outcome END",
            _outcome,
        ),
        Column("ending", "Ended by", "public", "ending", lambda of: of.row["end"].replace("_", " ")),
        _number("turns", "Utterances", "public"),
    ]
    for role in range(roles):
        found.append(_number(f"value_{role + 1}", f"Value {role + 1}", role))
    found += [
        _number("joint_value", "Joint value", "truth"),
        _number("pareto_distance", "Pareto distance", "truth", usual=False),
        _number("nash_ratio", "Nash ratio", "truth", usual=False),
    ]
    for role in range(roles):
        found.append(_number(f"reward_{role + 1}", f"Reward {role + 1}", role, usual=False))
    return [
        *found,
        _number("false_claims", "Flagged false", "truth"),
        _number("calls", "Calls", "truth", usual=False),
        _number("tokens_in", "Tokens in", "truth", usual=False),
        _number("tokens_out", "Tokens out", "truth", usual=False),
        _number("usd", "Money", "truth", write=lambda usd: money(usd)),
        _number("seconds", "Time", "truth", write=duration, usual=False),
    ]


def chosen(every: Sequence[Column], wanted: Sequence[str]) -> list[Column]:
    """Return the columns a reader asked for; the usual ones if none of them exists."""
    kept = [column for column in every if column.key in wanted]
    return kept or [column for column in every if column.usual]


def _json(key: str) -> str:
    return f"json_extract(row,'$.{key}')"


def _text(key: str) -> Callable[[IndexedDialogue], str]:
    return lambda of: one_line(str(of.row[key]))


def _outcome(of: IndexedDialogue) -> str:
    return (
        "failed" if of.row["status"] == "failed" else VERDICTS[of.row["outcome"]].partition(" (")[0].lower()
    )


def _number(
    key: str, title: str, audience: Audience, *, usual: bool = True, write: Callable[[Any], str] = points
) -> Column:
    def cell(of: IndexedDialogue) -> str:
        value = of.row.get(key)
        return "" if value is None else write(value)

    return Column(key, title, audience, _json(key), cell, number=True, usual=usual)


PAGE = 100
"""Dialogues on a page."""


@dataclass(frozen=True)
class TableQuery:
    """What a reader asked of the table; all of it stands in the page's address."""

    search: str = ""
    scenario: str = ""
    condition: str = ""
    outcome: str = ""
    sort: str = "number"
    down: bool = False
    page: int = 1
    wanted: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, str], wanted: Sequence[str]) -> "TableQuery":
        """Read it from an address; what makes no sense there is left out."""
        page = given.get("page", "1")
        return cls(
            search=given.get("q", "").strip()[:200],
            scenario=given.get("scenario", ""),
            condition=given.get("condition", ""),
            outcome=given.get("outcome", ""),
            sort=given.get("sort", "number"),
            down=given.get("down") == "1",
            page=int(page) if page.isdecimal() and 0 < int(page[:9]) < 10**8 else 1,
            wanted=tuple(wanted),
        )

    def where(self, lens: Lens) -> tuple[str, list[Any]]:
        """Return the condition in SQL, with its values; it asks for nothing the view may not see."""
        parts, given = ["1"], list[Any]()
        if self.search:
            seen = "id || ' ' || scenario || ' ' || " if lens.truth else "scenario || ' ' || "
            parts.append(f"instr(lower({seen}{_json('models')} || ' ' || number), lower(?)) > 0")
            given.append(self.search)
        if self.scenario:
            parts.append("scenario = ?")
            given.append(self.scenario)
        if self.condition and lens.truth:
            parts.append("condition = ?")
            given.append(self.condition)
        if self.outcome:
            parts.append("CASE status WHEN 'failed' THEN 'failed' ELSE outcome END = ?")
            given.append(self.outcome)
        return " AND ".join(parts), given

    def order(self, seen: Sequence[Column]) -> str:
        """Return what is sorted by, in SQL; empty cells come last."""
        column = next((column for column in seen if column.key == self.sort), None)
        by = "number" if column is None else column.order
        return f"{by} IS NULL, {by} {'DESC' if self.down else 'ASC'}, number"
