"""Measuring agents on the same dialogues, with the same users. Importing this loads no torch."""

from negosim.rl.evaluation._evaluate import Evaluated, evaluate, learner_of, new_folder, run_of
from negosim.rl.evaluation._measure import Evaluation, Result, measure
from negosim.rl.evaluation._met import Met, met_in
from negosim.rl.evaluation._tables import evaluation_report, evaluation_tables, notes_of, write_csv

__all__ = [
    "Evaluated",
    "Evaluation",
    "Met",
    "Result",
    "evaluate",
    "evaluation_report",
    "evaluation_tables",
    "learner_of",
    "measure",
    "met_in",
    "new_folder",
    "notes_of",
    "run_of",
    "write_csv",
]
