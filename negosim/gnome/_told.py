"""Results of experiments as data: figures beside the paper's, differences that the claim rests on."""

from typing import Any

import numpy as np

from negosim.gnome._experiments import TRAININGS, ExperimentRow, Experiments
from negosim.gnome._labels import label_map, map_digest
from negosim.gnome._metrics import Interval

PAPER: dict[str, dict[str, tuple[float, float]]] = {
    "in-domain": {
        "DeBERTa": (0.5918, 0.8910),
        "ELECTRA": (0.4454, 0.8747),
        "Llama-3-8B": (0.6306, 0.7213),
        "Mistral-7B": (0.5435, 0.7487),
    },
    "out-of-domain": {
        "DeBERTa": (0.2539, 0.3438),
        "ELECTRA": (0.1169, 0.3483),
        "Llama-3-8B": (0.2223, 0.3333),
        "Mistral-7B": (0.2244, 0.3397),
    },
    "leave-one-out": {
        "DeBERTa": (0.3405, 0.3892),
        "ELECTRA": (0.3365, 0.4000),
        "Llama-3-8B": (0.2139, 0.3406),
        "Mistral-7B": (0.1705, 0.3633),
    },
}
"""Table 4 of Deshpande et al. (2024): weighted F1 without and with mapped data, by model. Other splits than
here: the paper does not say that children of test dialogues were kept out of training."""


def experiments_table(done: Experiments) -> dict[str, Any]:
    """Return all figures of experiments in JSON's terms."""
    return {
        "label_map": map_digest(),
        "classes": list(label_map().names),
        "paper": {
            setting: {
                model: {"sources": plain, "mapped": mapped} for model, (plain, mapped) in models.items()
            }
            for setting, models in PAPER.items()
        },
        "trainings": dict(TRAININGS),
        "rows": [_row(done, row) for row in done.rows],
        "claim": claim_differences(done),
        "alarms": done.alarms(),
    }


def _row(done: Experiments, row: ExperimentRow) -> dict[str, Any]:
    plain = done.row(row.setting, "sources", row.classifier)
    return {
        "setting": row.setting,
        "classifier": row.classifier,
        "training": row.training,
        "weighted_f1": _told(row.f1),
        "against_sources": None if plain is None or plain is row else _told(done.difference(row, plain)),
        "macro_recall": row.recall,
        "accuracy_by_class": dict(zip(label_map().names, row.accuracy, strict=True)),
        "f1_by_test_source": row.by_test(),
        "f1_by_labeller": row.by_labeller(),
        "confusion": np.sum([cell.found.confusion for cell in row.cells], axis=0).tolist(),
    }


def claim_differences(done: Experiments) -> list[dict[str, Any]]:
    """Return what mapping must beat, copies at equal weight and masking: lower bounds must be above 0."""
    found = []
    for row in done.rows:
        if row.training not in ("mapped", "mapped only"):
            continue
        kind = row.classifier.partition(":")[0].partition(" ")[0]
        masked = row.classifier.replace(kind, f"{kind}-masked", 1)
        for name, other in (
            ("duplicates", done.row(row.setting, "duplicates", row.classifier)),
            ("masking", done.row(row.setting, "sources", masked)),
        ):
            if other is not None:
                above = done.difference(row, other)
                found.append(
                    {
                        "setting": row.setting,
                        "classifier": row.classifier,
                        "training": row.training,
                        "against": name,
                        "difference": _told(above),
                        "holds": above.low > 0,
                    }
                )
    return found


def _told(found: Interval) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
