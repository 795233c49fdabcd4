"""Frames of rows and of judgements to measure."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from negosim.store import JUDGEMENT_COLUMNS


def corpus(
    scenarios: int, each: int, seed: int = 0, *, conditions: tuple[str, ...] = ("honest",)
) -> pd.DataFrame:
    """Return rows as `dialogue_rows` has them, with a number and a yes-or-no that differ by scenario."""
    rng = np.random.default_rng(seed)
    rows = []
    for scenario in range(scenarios):
        level = rng.normal(10, 1)
        for index in range(each):
            shared = rng.normal()
            rows += [
                {
                    "scenario": f"case-{scenario}",
                    "condition": condition,
                    "index": index,
                    "model_1": "sim",
                    "model_2": "sim",
                    "number": level + shared + rng.normal() + 0.5 * place,
                    "yes": bool(rng.random() < 0.7 - 0.1 * place),
                }
                for place, condition in enumerate(conditions)
            ]
    return pd.DataFrame(rows)


@pytest.fixture(name="corpus", scope="session")
def _corpus() -> Callable[..., pd.DataFrame]:
    return corpus


def judged(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as `judged_rows` has them; what is not given is as it mostly is."""
    usual = {
        "dialogue": "d",
        "scenario": "case",
        "condition": "honest",
        "index": 0,
        "questions": "set",
        "question": "q",
        "perspective": "third_party",
        "agent": None,
        "turn": None,
        "judge": "m",
        "fingerprint": "f",
        "repeat": 0,
        "status": "ok",
        "value": None,
    }
    frame = pd.DataFrame(
        [{**usual, **row} for row in rows], columns=[*dict.fromkeys([*usual, *JUDGEMENT_COLUMNS])]
    )
    return frame.astype({"agent": "Int64", "turn": "Int64", "value": "object"})


@pytest.fixture(name="judged", scope="session")
def _judged() -> Callable[[list[dict[str, Any]]], pd.DataFrame]:
    return judged
