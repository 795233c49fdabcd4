"""Runs as tables."""

from statistics import fmean
from typing import TYPE_CHECKING, Any

from negosim.records import Dialogue, Measurement, account_totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

CHUNK = 10_000
"""Rows that are kept as Python objects at a time; a row takes several times as much that way."""


class FrameRows:
    """Rows that become a frame, packed while they come so that long runs fit into memory."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._packed: list[pd.DataFrame] = []
        self._columns: dict[str, None] = {}

    def add(self, *rows: dict[str, Any]) -> None:
        """Add rows; what a row does not name is missing in it."""
        self._rows += rows
        if len(self._rows) >= CHUNK:
            self._pack()

    def _pack(self) -> None:
        import pandas as pd

        packed = pd.DataFrame(self._rows)
        self._columns |= dict.fromkeys(packed.columns)
        # A column without a value has no type yet: it must not give the others' values its own.
        self._packed.append(packed.dropna(axis="columns", how="all"))
        self._rows = []

    def frame(self, columns: "Sequence[str] | None" = None) -> "pd.DataFrame":
        """Return the frame; `columns` are those it has in order, by default all that occurred."""
        import pandas as pd

        if not self._packed:
            return pd.DataFrame(self._rows, columns=None if columns is None else list(columns))
        self._pack()
        parts, self._packed = self._packed, []
        whole = pd.concat(parts, ignore_index=True)
        del parts
        wanted = list(self._columns if columns is None else columns)
        empty = [name for name in wanted if name not in whole.columns]
        return whole.assign(**dict.fromkeys(empty))[wanted]


def frame_of(dialogues: "Iterable[Dialogue]") -> "pd.DataFrame":
    """Return one row a dialogue: header, outcome and account as columns."""
    rows = FrameRows()
    for dialogue in dialogues:
        rows.add(_row(dialogue))
    return rows.frame()


def _measured(measurements: "Iterable[Measurement]") -> dict[str, Any]:
    """Return a column a measure, moment and role ("after_donation_2"); of each turn the last and the mean.

    What was not answered is missing; the mean is of the answers there are.
    """
    row: dict[str, Any] = {}
    each: dict[str, list[float]] = {}
    for given in measurements:
        name = f"{given.measure}_{given.role + 1}"
        if given.about is not None:
            name += f"_of_{given.about + 1}"
        if isinstance(given.value, dict):
            when = given.moment.replace("each_turn", "last")
            row |= {f"{when}_{name}_{part}": share for part, share in given.value.items()}
            continue
        if given.moment != "each_turn":
            row[f"{given.moment}_{name}"] = given.value
            continue
        row[f"last_{name}"] = given.value
        if isinstance(given.value, int | float):
            each.setdefault(name, []).append(float(given.value))
    return row | {f"mean_{name}": fmean(values) for name, values in each.items()}


def _row(dialogue: Dialogue) -> dict[str, Any]:
    outcome = dialogue.outcome
    row: dict[str, Any] = {
        "id": dialogue.id,
        "scenario": dialogue.scenario,
        "condition": dialogue.condition.name,
        "index": dialogue.index,
        "status": dialogue.status,
        "end": dialogue.end,
        "turns": len(dialogue.turns),
        "outcome": outcome.status,
        **({"coalition": "+".join(str(role + 1) for role in outcome.coalition)} if outcome.coalition else {}),
        "joint_value": outcome.joint_value,
        "pareto_distance": outcome.pareto_distance,
        "nash_ratio": outcome.nash_ratio,
    }
    for role, model in enumerate(dialogue.models):
        row[f"model_{role + 1}"] = model
        row[f"value_{role + 1}"] = outcome.values[role] if outcome.values else None
        row[f"rational_{role + 1}"] = outcome.rational[role] if outcome.rational else None
        if outcome.rewards:
            row[f"reward_{role + 1}"] = outcome.rewards[role]
    row |= _measured(dialogue.measurements)
    row |= account_totals(dialogue.account)
    row["seconds"] = dialogue.seconds
    return row
