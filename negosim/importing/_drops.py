"""Account of what is left out or altered on the way in, by reason, with where it stands."""

from collections import Counter
from dataclasses import dataclass, field

from negosim.errors import UserError

SHOWN_PROBLEMS = 200
"""Bad rows that are named; the counts are of all."""


@dataclass
class Drops:
    """Counts what is left out or altered, by reason, and remembers where."""

    strict: bool = False
    """Refuse the whole source at the first bad row instead of leaving that out."""
    counts: Counter[str] = field(default_factory=Counter)
    altered: Counter[str] = field(default_factory=Counter)
    """Values kept in another form than they were found in."""
    problems: list[str] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)
    """Files of the source that are none of its data, and why."""
    notes: list[str] = field(default_factory=list)
    """What is odd about the whole."""

    def add(self, reason: str, where: str) -> None:
        """Count one row or dialogue; `where` names its file and row.

        Raises:
            UserError: `strict` is set.

        """
        if self.strict:
            raise UserError(f"{where}: {reason}; mend the row, or leave such rows out with --bad-rows skip")
        self.leave_out(reason, where)

    def leave_out(self, reason: str, where: str) -> None:
        """Count what is left out although nothing is wrong with it, as copies are."""
        self.counts[reason] += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(f"{where}: {reason}")
