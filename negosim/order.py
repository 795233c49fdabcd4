"""Speaking order: the one function that decides who speaks next, and what a role can know of it."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from negosim.scenarios import SpeakingOrder
from negosim.seeding import Seed


@dataclass(frozen=True)
class Order:
    """Who speaks after whom in one dialogue."""

    kind: str
    """"round_robin", "random" or "chair", as in `SpeakingOrder`."""
    roles: int
    opener: int
    """Position of the role that speaks first."""
    seed: Seed
    """Where the draws of a random order come from."""
    chair: int | None = None
    """Position of the role that gives the floor, where one does."""

    def next_speaker(
        self, speakers: Sequence[int], floor: int | None = None, gone: Set[int] = frozenset()
    ) -> int:
        """Return the position of the role that speaks next.

        Args:
            speakers: who has spoken so far, in order.
            floor: whom the last utterance has given the floor to, where the chair spoke.
            gone: roles that have left and are passed over.

        Returns:
            In turn: the next one present. By chance: any present but the last, as the seed says. With a
            chair: whom it has named, and the chair again after everybody else; where it has named nobody
            who is present, or has left itself, who has been silent longest.

        Examples:
            >>> from negosim.order import Order
            >>> from negosim.seeding import Seed
            >>> Order("chair", 3, 1, Seed(0, "any", 0), chair=0).next_speaker([1, 0], floor=2)
            2

        """
        if not speakers:
            return self.opener
        last = speakers[-1]
        present = [role for role in range(self.roles) if role not in gone and role != last]
        if not present:
            return last
        if self.kind == "random":
            return self.seed.stream("order", len(speakers)).choice(present)
        if self.kind == "chair":
            if last != self.chair and self.chair in present:
                return self.chair
            return floor if floor in present else self._most_silent(speakers, present)
        return min(present, key=lambda role: (role - last) % self.roles)

    def _most_silent(self, speakers: Sequence[int], present: Sequence[int]) -> int:
        """Return who has not spoken for longest; the one who comes next in turn among equals."""
        spoke = {role: index for index, role in enumerate(speakers)}
        return min(present, key=lambda role: (spoke.get(role, -1), (role - speakers[-1]) % self.roles))

    def names_next(self, role: int) -> bool:
        """Tell whether a role's utterance names who speaks next."""
        return self.kind == "chair" and role == self.chair

    def last_turn(self, role: int, end: int) -> int:
        """Return the last turn a role can count on among the first `end`.

        Where the order is not fixed, it is how many turns from the end a role speaks on average.
        """
        if self.kind == "round_robin":
            return end - 1 - (end - 1 - (role - self.opener) % self.roles) % self.roles
        return max(0, end - self._every(role))

    def turns_left(self, role: int, turn: int, last: int) -> int:
        """Return how many turns after `turn`, up to the `last` it can count on, a role will have."""
        return max(0, last - turn) // self._every(role)

    def _every(self, role: int) -> int:
        """Return after how many utterances a role speaks again, on average."""
        if self.kind == "chair":
            return 2 if role == self.chair else 2 * (self.roles - 1)
        return self.roles


def order_in(order: SpeakingOrder, ids: Sequence[str], opener: int, seed: Seed) -> Order:
    """Return the order among roles, given by id, in one dialogue."""
    chair = None if order.chair is None else list(ids).index(order.chair)
    return Order(order.kind, len(ids), opener, seed, chair)
