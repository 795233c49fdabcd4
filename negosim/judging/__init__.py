"""Judges: questions, who answers them, and what they say about a run.

A `Questionnaire` is what is asked about every dialogue: it says which judges read it from which
perspectives, and fills in a `Sheet` for each. Question sets (files, and each scenario's resolution
questions) are one kind of questionnaire, `SetQuestionnaire` in `_ask.py`; the lie check and the beliefs
are others.

To add a kind:

1. Write a class with the attributes and methods of the protocol `Questionnaire` (`_protocol.py`). Its
   `answer(task)` gets a `Task` with the dialogue, its scenario, the perspective and the judge's name
   (`ORACLE` for the record's own truth), and returns the sheet's judgements. Through `task.ask(template,
   form, check=..., turns=n)` it asks the judge's model: the messages hold what the perspective may see
   after n utterances, then what the template `prompts/TEMPLATE.j2` (named in `negosim.prompts.JUDGING`)
   says, given the keyword arguments. `task.reader.view(n)` is the view of an agent. What a sheet cost,
   retries, errors and storing are seen to.
2. Add it to `BUILT_IN_QUESTIONNAIRES` in `_questionnaires.py` under its id, and to `DEFAULT` if it is asked
   by default.

Quotes are checked with `verbatim` (`_quotes.py`).
"""

from negosim.judging._annotate import Annotation, AnnotationQuestion, Page, annotation, unwritten_annotation
from negosim.judging._answers import Wording
from negosim.judging._calibrate import Assessment, assess, known_truth, write_assessment
from negosim.judging._check import check_claim, check_claim_async
from negosim.judging._embedding import embed, embeddings_available
from negosim.judging._events import DialogueJudged, JudgingEvent, JudgingStarted, SheetFinished
from negosim.judging._judge import default_judge, judge, judge_async, judge_of, judges_of
from negosim.judging._oracle import Oracle
from negosim.judging._outcomes import declarable_outcomes
from negosim.judging._own_checks import ClaimCheck, claim_check_of
from negosim.judging._private import BELIEFS, BELIEFS_TURNS
from negosim.judging._protocol import ORACLE, PERSON, Item, Judge, Questionnaire, Task
from negosim.judging._questionnaires import BUILT_IN_QUESTIONNAIRES, DEFAULT
from negosim.judging._questions import (
    NONE,
    UNSETTLED,
    Question,
    QuestionSet,
    list_question_sets,
    load_question_set,
    resolution_set,
)
from negosim.judging._quotes import verbatim
from negosim.judging._spreadsheet import Imported, export_sheet, import_sheet
from negosim.judging._statement import UNIMPORTANT, Situation, Statement, Truth, Verdict
from negosim.judging._verdict import verdict
from negosim.judging._written import read_back, written

__all__ = [
    "BELIEFS",
    "BELIEFS_TURNS",
    "BUILT_IN_QUESTIONNAIRES",
    "DEFAULT",
    "NONE",
    "ORACLE",
    "PERSON",
    "UNIMPORTANT",
    "UNSETTLED",
    "Annotation",
    "AnnotationQuestion",
    "Assessment",
    "ClaimCheck",
    "DialogueJudged",
    "Imported",
    "Item",
    "Judge",
    "JudgingEvent",
    "JudgingStarted",
    "Oracle",
    "Page",
    "Question",
    "QuestionSet",
    "Questionnaire",
    "SheetFinished",
    "Situation",
    "Statement",
    "Task",
    "Truth",
    "Verdict",
    "Wording",
    "annotation",
    "assess",
    "check_claim",
    "check_claim_async",
    "claim_check_of",
    "declarable_outcomes",
    "default_judge",
    "embed",
    "embeddings_available",
    "export_sheet",
    "import_sheet",
    "judge",
    "judge_async",
    "judge_of",
    "judges_of",
    "known_truth",
    "list_question_sets",
    "load_question_set",
    "read_back",
    "resolution_set",
    "unwritten_annotation",
    "verbatim",
    "verdict",
    "write_assessment",
    "written",
]
