"""User studies: people talk with agents that they do not know, and say what they think of them.

A study is a file (`Study`). `negosim.web` has its pages; here is what they rest on: the file, who meets which
agent when, what is kept of each person, and how it leaves as run folder, judgements and tables.
"""

from negosim.study._flow import StudyStage, stages_of
from negosim.study._load import built_in_studies, check_study, load_study, parse_study, text_of
from negosim.study._order import balanced_rows, cells_of, letters, next_cell, order_of_person
from negosim.study._schema import (
    Study,
    StudyAgent,
    StudyBlock,
    StudyMeasure,
    StudyPractice,
    StudyQuestion,
    StudySurvey,
)

__all__ = [
    "Study",
    "StudyAgent",
    "StudyBlock",
    "StudyMeasure",
    "StudyPractice",
    "StudyQuestion",
    "StudyStage",
    "StudySurvey",
    "balanced_rows",
    "built_in_studies",
    "cells_of",
    "check_study",
    "letters",
    "load_study",
    "next_cell",
    "order_of_person",
    "parse_study",
    "stages_of",
    "text_of",
]
