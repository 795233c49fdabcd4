"""Several roles at one table: whose agreement makes a deal, and in which order they speak."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from negosim._fields import Slug
from negosim._frozen import Frozen

FEWEST = 2
"""A deal takes two."""


class Agreement(Frozen):
    """Whose agreement makes a deal; in a file, `all` or `majority` may stand alone.

    Examples:
        >>> from negosim.scenarios import Agreement
        >>> Agreement.model_validate("majority").needed(4)
        3
        >>> Agreement.model_validate({"includes": ["mayor"]}).needed(4)
        2

    """

    short_form: ClassVar[dict[str, Any] | None] = {"enum": ["all", "majority"]}

    at_least: Annotated[int, Field(ge=FEWEST)] | Literal["all", "majority"] | None = None
    """How many roles have to agree: a number, more than half of them, or all."""
    includes: tuple[Slug, ...] = ()
    """Ids of roles without which there is no deal: each has a veto."""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, given: Any) -> Any:
        """Accept a word in place of the fields."""
        if isinstance(given, str | int) and given not in ("all", "majority"):
            raise ValueError("write all, majority, {at_least: 2} or {includes: [role]}")
        return {"at_least": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _says_something(self) -> "Agreement":
        if self.at_least is None and not self.includes:
            raise ValueError("say who has to agree: all, majority, {at_least: 2} or {includes: [role]}")
        if len(set(self.includes)) < len(self.includes):
            raise ValueError("name each role once")
        return self

    def needed(self, roles: int) -> int:
        """Return how many of so many roles have to agree."""
        by_word = {"all": roles, "majority": roles // 2 + 1}
        count = FEWEST if self.at_least is None else self.at_least
        return max(by_word[count] if isinstance(count, str) else count, len(self.includes))


ALL = Agreement(at_least="all")


@dataclass(frozen=True)
class AgreementRule:
    """An agreement among so many roles, known by position."""

    roles: int
    needed: int
    includes: frozenset[int] = frozenset()

    @property
    def takes_all(self) -> bool:
        """Whether nobody can be left out of a deal."""
        return self.needed >= self.roles or len(self.includes) >= self.roles

    def met_by(self, parties: Set[int]) -> bool:
        """Tell whether these roles can make a deal among themselves."""
        return len(parties) >= self.needed and self.includes <= parties

    @cached_property
    def coalitions(self) -> tuple[tuple[int, ...], ...]:
        """Every set of roles that can make a deal among themselves, the largest first."""
        sizes = range(self.roles, self.needed - 1, -1)
        sets = (chosen for size in sizes for chosen in combinations(range(self.roles), size))
        return tuple(chosen for chosen in sets if self.met_by(set(chosen)))

    def smallest(self, role: int) -> Iterator[tuple[int, ...]]:
        """Yield the coalitions with a role in them that nobody could be left out of."""
        for parties in self.coalitions:
            rest = [frozenset(parties) - {other} for other in parties]
            if role in parties and not any(self.met_by(left) for left in rest):
                yield parties


def everyone(roles: int) -> AgreementRule:
    """Return the rule that all roles have to agree."""
    return AgreementRule(roles, roles)


def who_agrees(agreement: Agreement, names: Mapping[str, str]) -> str:
    """Say whose agreement makes a deal; `names` has what each role is called, by id.

    Examples:
        >>> from negosim.scenarios import Agreement, who_agrees
        >>> rule = Agreement(at_least="majority", includes=("chair",))
        >>> who_agrees(rule, {"chair": "Ann", "left": "Ben", "right": "Cleo"})
        'at least 2 of the 3, Ann among them'

    """
    needed = agreement.needed(len(names))
    among = " and ".join(names[role] for role in agreement.includes)
    if needed >= len(names):
        return f"all {len(names)}"
    return f"at least {needed} of the {len(names)}" + (f", {among} among them" if among else "")


OrderKind = Literal["round_robin", "random", "chair"]


class SpeakingOrder(Frozen):
    """Who speaks after whom; in a file, `round_robin`, `random` or `{chair: role}`."""

    short_form: ClassVar[dict[str, Any] | None] = {
        "type": "string",
        "pattern": "^(round_robin|random|chair:[a-z0-9-]+)$",
    }

    kind: OrderKind = "round_robin"
    """One after the other; whoever the seed says, nobody twice running; or whom the chair names."""
    chair: Slug | None = None
    """Id of the role that gives the floor: it speaks every other time and names who is next."""

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, given: Any) -> Any:
        """Accept a word, "chair:ROLE" or the chair alone in place of the fields."""
        if isinstance(given, str):
            kind, _, chair = given.partition(":")
            if kind not in get_args(OrderKind) or (kind == "chair") != bool(chair):
                raise ValueError(f"{given!r} is no order; write round_robin, random or chair:ROLE")
            return {"kind": kind, "chair": chair or None}
        if isinstance(given, Mapping) and set(given) == {"chair"}:
            return {"kind": "chair", **given}
        return given

    @model_validator(mode="after")
    def _chair_named(self) -> "SpeakingOrder":
        if (self.kind == "chair") != (self.chair is not None):
            raise ValueError("write round_robin, random or {chair: role}")
        return self

    def __str__(self) -> str:
        """Return the order in a word, as options name it."""
        return f"chair:{self.chair}" if self.chair is not None else self.kind


ROUND_ROBIN = SpeakingOrder()
