"""Judges: questions, who answers them, and what they say about a run."""

from negosim.judging._questions import (
    Question,
    QuestionSet,
    list_question_sets,
    load_question_set,
    resolution_set,
)

__all__ = ["Question", "QuestionSet", "list_question_sets", "load_question_set", "resolution_set"]
