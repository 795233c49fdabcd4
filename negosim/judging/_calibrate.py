"""Assessment of judges: their answers against the truth, and against each other."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negosim._csv import csv_text
from negosim._files import write_whole
from negosim.errors import UserError
from negosim.judging._protocol import ORACLE
from negosim.records import SIMULATED
from negosim.store import Run

if TYPE_CHECKING:
    from negosim.measures import (
        Calibration,
        ErrorCorrelation,
        Estimate,
        OrderEffect,
        PositionBias,
        Reliability,
    )

FIGURES = ("coverage", "accuracy", "precision", "recall", "f1", "kappa", "spearman")
"""The estimates of a `Calibration`."""

COLUMNS = (
    *("table", "question", "perspective", "judge", "other", "figure", "truth", "answer"),
    *("value", "low", "high", "n", "clusters", "note"),
)
"""Of the CSV: a row a figure."""


@dataclass(frozen=True)
class Assessment:
    """Everything there is to say about the judges of a run."""

    calibrations: "Sequence[Calibration]"
    """Against the truth, by judge, perspective and question."""
    reliabilities: "Sequence[Reliability]"
    """Krippendorff's alpha among judges, people and repeats."""
    errors: "Sequence[ErrorCorrelation]"
    """Whether judges err together."""
    orders: "Sequence[OrderEffect]"
    """Whether answers change with the order of options and questions, more than by chance."""
    positions: "Sequence[PositionBias]" = ()
    """Whether what is shown first is preferred."""


def known_truth(run: Run, judges: Sequence[str]) -> list[str]:
    """Return the judges and the oracle, whose answers they are held against.

    Raises:
        UserError: too little is known about the run's dialogues: no agent is the simulated negotiator.

    """
    if SIMULATED not in run.config.models:
        raise UserError(
            f"the truth about the dialogues of {str(run.path)!r} is not known, as no agent is the simulated "
            "negotiator; make some with: negosim generate --scenario all --both-conditions --model sim"
        )
    return list(dict.fromkeys([*judges, ORACLE]))


def assess(run: Run, sets: Collection[str] | None = None) -> Assessment:
    """Measure the judges of a run, people among them, by what is stored.

    Args:
        run: a run that has been judged.
        sets: names of the question sets; None: all.

    Returns:
        How good each judge is where the truth is known, and how far judges agree.

    Raises:
        UserError: nobody but the oracle has answered, or nothing of it is known to be true or false.

    """
    from negosim import measures

    frame = measures.judged_rows(run, sets)
    found = Assessment(
        measures.calibration(frame),
        measures.reliability(frame),
        measures.error_correlation(frame),
        measures.order_effects(frame),
        measures.position_bias(frame),
    )
    if not found.calibrations:
        raise UserError(
            "there is no judge to calibrate: nobody has answered a question whose answer the oracle knows; "
            f"name a judge with --judge-model MODEL, or answer: negosim annotate {run.path} --name NAME"
        )
    return found


def write_assessment(found: Assessment, place: Path) -> None:
    """Write every figure of an assessment as a row of CSV.

    Raises:
        UserError: the file cannot be written.

    """
    if not place.parent.is_dir():
        raise UserError(f"{str(place)!r} cannot be written: there is no folder {str(place.parent)!r}")
    rows = ([row.get(column) for column in COLUMNS] for row in _rows(found))
    write_whole(place, csv_text(COLUMNS, rows).encode())


def _rows(found: Assessment) -> Iterator[dict[str, Any]]:
    for each in found.calibrations:
        about = {"question": each.question, "perspective": each.perspective, "judge": each.judge}
        for figure in FIGURES:
            yield {"table": "calibration", **about, "figure": figure, **_numbers(getattr(each, figure))}
        for status, count in each.statuses.items():
            yield {"table": "statuses", **about, "figure": status, "value": count}
        for truth, row in each.confusion.iterrows():
            for answer, count in row.items():
                cell = {"truth": truth, "answer": answer, "value": int(count)}
                yield {"table": "confusion", **about, "figure": "count", **cell}
    for alpha in found.reliabilities:
        about = {"question": alpha.question, "perspective": alpha.perspective, "judge": alpha.judge or ""}
        figure = f"alpha among {alpha.among} ({alpha.metric})"
        yield {"table": "agreement", **about, "figure": figure, **_numbers(alpha.alpha)}
    for pair in found.errors:
        about = {"question": pair.question, "perspective": pair.perspective, "judge": pair.judge_a}
        figures = {"other": pair.judge_b, "figure": "correlation", **_numbers(pair.correlation)}
        yield {"table": "errors", **about, **figures}
    for order in found.orders:
        about = {"question": order.question, "perspective": order.perspective, "judge": order.judge}
        yield {"table": "order", **about, "figure": "changed", **_numbers(order.changed)}
        yield {"table": "order", **about, "figure": "changed in the same order", **_numbers(order.floor)}
    for bias in found.positions:
        about = {"question": bias.question, "perspective": bias.perspective, "judge": bias.judge}
        yield {"table": "position", **about, "figure": "first", **_numbers(bias.first)}
        yield {"table": "position", **about, "figure": "first expected", "value": bias.expected}
        yield {"table": "position", **about, "figure": "excess", **_numbers(bias.excess)}


def _numbers(estimate: "Estimate") -> dict[str, Any]:
    return {name: getattr(estimate, name) for name in ("value", "low", "high", "n", "clusters", "note")}
