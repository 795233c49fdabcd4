"""Columns of private answers, rewards and the parties to a deal, which only some scenarios have."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from negosim.records import Measurement, Outcome
from negosim.scenarios import Scenario

NO_DEAL = "no deal"


def further_columns(scenarios: Iterable[Scenario]) -> list[str]:
    """Return the names of the columns that dialogues of these scenarios have besides the usual ones."""
    found: dict[str, None] = {}
    for scenario in scenarios:
        if scenario.has_deals and not scenario.rule.takes_all:
            found["coalition"] = None
            found |= dict.fromkeys(f"party_{role + 1}" for role in range(len(scenario.roles)))
        for measure in scenario.measures:
            for role in measure.roles(scenario.role_index):
                names = _names(measure.id, role, measure.when)
                found |= dict.fromkeys(names if measure.answer != "choice" else ())
        if any(role.reward for role in scenario.roles):
            found |= dict.fromkeys(f"reward_{role + 1}" for role in range(len(scenario.roles)))
    return list(found)


def _names(measure: str, role: int, when: Sequence[str]) -> Iterator[str]:
    """Yield the columns of a measure asked of a role: "before_stance_1", ..., "change_stance_1"."""
    moments = {"before": ("before",), "after": ("after",), "each_turn": ("last", "mean")}
    for moment in when:
        yield from (f"{name}_{measure}_{role + 1}" for name in moments[moment])
    if {"before", "after"} <= set(when):
        yield f"change_{measure}_{role + 1}"


def further_values(outcome: Outcome, measurements: Iterable[Measurement]) -> dict[str, Any]:
    """Return a dialogue's values of those columns, as far as they are known."""
    row: dict[str, Any] = dict(_answers(measurements))
    row |= {f"reward_{role + 1}": reward for role, reward in enumerate(outcome.rewards or ())}
    if outcome.coalition is not None:
        row["coalition"] = coalition_name(outcome.coalition)
    elif outcome.status in ("no_agreement", "abandoned"):
        row["coalition"] = NO_DEAL
    for role in range(len(outcome.values or ())):
        row[f"party_{role + 1}"] = outcome.coalition is not None and role in outcome.coalition
    return row


def coalition_name(parties: Sequence[int]) -> str:
    """Return what the parties to a deal are called in tables: "agents 1 and 3"."""
    return f"agents {' and '.join(str(role + 1) for role in parties)}"


def _answers(measurements: Iterable[Measurement]) -> Iterator[tuple[str, float]]:
    known: dict[str, float] = {}
    each: dict[str, list[float]] = {}
    for given in measurements:
        if not isinstance(given.value, int | float):
            continue
        name, value = f"{given.measure}_{given.role + 1}", float(given.value)
        if given.moment == "each_turn":
            each.setdefault(name, []).append(value)
        else:
            known[f"{given.moment}_{name}"] = value
            yield f"{given.moment}_{name}", value
            yield from _change(known, name)
    for name, values in each.items():
        yield f"last_{name}", values[-1]
        yield f"mean_{name}", fmean(values)


def _change(known: Mapping[str, float], name: str) -> Iterator[tuple[str, float]]:
    if {f"before_{name}", f"after_{name}"} <= known.keys():
        yield f"change_{name}", known[f"after_{name}"] - known[f"before_{name}"]
