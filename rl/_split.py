"""Dividing dialogues into train, validation and test: by what they are called, not by their order."""

from dataclasses import dataclass

from negosim.errors import UserError
from negosim.rl._trajectory import SPLITS, Split
from negosim.seeding import Seed


@dataclass(frozen=True)
class SplitRule:
    """How dialogues are divided."""

    shares: tuple[float, float, float]
    """Of train, validation, test; they add up to 1."""
    published: bool
    """Whether a source's own split comes first."""

    @classmethod
    def parse(cls, text: str) -> "SplitRule":
        """Read "own", "80/10/10" or the name of one split.

        Raises:
            UserError: it is none of these.

        """
        if text == "own":
            return cls((0.8, 0.1, 0.1), published=True)
        if text in SPLITS:
            return cls((float(text == "train"), float(text == "validation"), float(text == "test")), False)
        try:
            parts = [float(part) for part in text.split("/")]
        except ValueError:
            parts = []
        if len(parts) != 3 or min(parts) < 0 or not 0 < sum(parts) < float("inf"):
            raise UserError(
                f"--split {text!r}: give 'own', shares of train, validation and test as in '80/10/10', or "
                f"one of {', '.join(SPLITS)} for all"
            )
        train, validation, test = (part / sum(parts) for part in parts)
        return cls((train, validation, test), published=False)

    def split_of(self, source: str, group: str, published: Split | None) -> Split:
        """Return the split of a dialogue; the same group always gets the same one."""
        if self.published and published is not None:
            return published
        place = Seed(0, source, 0).number("split", group) / 2**63
        train, validation, _ = self.shares
        if place < train:
            return "train"
        return "validation" if place < train + validation else "test"
