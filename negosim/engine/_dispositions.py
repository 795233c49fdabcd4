"""Which traits the roles of a run have: read from its configuration, drawn or swept for each dialogue."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.scenarios import Scenario
from negosim.seeding import Seed
from negosim.traits import Trait, TraitChoice, alternatives, read_choice, traits_by_id

RoleTraits = tuple[tuple[str, ...], ...]
"""By role: ids of traits; nothing where nobody is given any."""


class Dispositions:
    """What the roles of one scenario are given."""

    def __init__(self, config: RunConfig, scenario: Scenario) -> None:
        """Read the choices.

        Raises:
            UserError: a role, a trait or a list is not there, or a role is given traits twice.

        """
        self.known: Mapping[str, tuple[str, Trait]] = (
            traits_by_id(config.trait_lists) if config.traits else {}
        )
        self._seed, self._scenario = config.seed, scenario
        self._by_role: dict[int, TraitChoice] = {}
        for choice in map(read_choice, config.traits):
            for role in _roles(choice.role, scenario):
                if role in self._by_role:
                    raise UserError(
                        f"traits of {scenario.roles[role].name} in {scenario.id!r} are given twice, as "
                        f"{self._by_role[role].role!r} and as {choice.role!r}; give them once"
                    )
                self._by_role[role] = choice
        self._among = {role: alternatives(choice, self.known) for role, choice in self._by_role.items()}

    def of(self, index: int) -> Iterator[tuple[str, RoleTraits]]:
        """Yield what the roles have in the dialogues of an index, with a suffix of the dialogue's id.

        What is drawn is the same under every condition and with every alternative of a sweep.
        """
        if not self._by_role:
            yield "", ()
            return
        swept = [role for role, choice in self._by_role.items() if choice.how == "sweep"]
        drawn = {role: self._drawn(role, index) for role in self._by_role.keys() - set(swept)}
        combinations = list(product(*(self._among[role] for role in swept)))
        for number, chosen in enumerate(combinations, 1):
            given = drawn | {role: ids for role, (_, ids) in zip(swept, chosen, strict=True)}
            roles = range(len(self._scenario.roles))
            suffix = f".traits-{number}" if len(combinations) > 1 else ""
            yield suffix, tuple(given.get(role, ()) for role in roles)

    def _drawn(self, role: int, index: int) -> tuple[str, ...]:
        among = self._among[role]
        rng = Seed(self._seed, self._scenario.id, index).stream("traits", role)
        return rng.choices([ids for _, ids in among], [weight for weight, _ in among])[0]


def _roles(named: str, scenario: Scenario) -> Sequence[int]:
    """Return the positions of the roles that a choice is for."""
    count = len(scenario.roles)
    if named == "all":
        return range(count)
    if named in scenario.role_index:
        return [scenario.role_index[named]]
    if named.isdecimal() and 1 <= int(named) <= count:
        return [int(named) - 1]
    raise UserError(
        f"traits for {named!r}: no role of {scenario.id!r}; {suggest(named, list(scenario.role_index))} "
        f"A number from 1 to {count}, or all, will do as well."
    )
