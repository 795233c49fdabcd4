"""Values of answers that a person has written."""

from negosim._reading import shown
from negosim.judging._answers import Wording
from negosim.judging._questions import UNSETTLED
from negosim.plugins import suggest
from negosim.records import JudgedValue

YES, NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0")


def written(wording: Wording, text: str) -> JudgedValue:
    """Return the answer that a text stands for, letter case and spaces around it overlooked.

    Raises:
        ValueError: it is no answer to the question; says what would be one.

    """
    word = " ".join(text.split()).casefold()
    if wording.question.answer == "yes_no":
        if word in (*YES, *NO):
            return word in YES
        raise ValueError(f"write yes or no, not {shown(text)}")
    if wording.question.answer == "scale":
        return _grade(wording, word)
    if wording.issue is not None and wording.issue.range is not None:
        return UNSETTLED if word == UNSETTLED else _settled(wording, text)
    return _option(wording, word)


def _grade(wording: Wording, word: str) -> int:
    grades = wording.question.grades
    try:
        number = float(word)  # spreadsheets may write 4.0
    except ValueError:
        number = float("nan")
    if number not in grades:
        raise ValueError(f"write a whole number from {grades[0]} to {grades[-1]}, not {shown(word)}")
    return int(number)


def _settled(wording: Wording, text: str) -> JudgedValue:
    assert wording.issue is not None
    try:
        return wording.issue.parse(text)
    except ValueError as error:
        raise ValueError(f'{error}, or "{UNSETTLED}"') from None


def _option(wording: Wording, word: str) -> str:
    for name, meaning in wording.options:
        if word in (name.casefold(), " ".join(meaning.split()).casefold()):
            return name
    names = [name for name, _ in wording.options]
    raise ValueError(f"{shown(word)} is none of the answers; {suggest(word, names)}")


def read_back(value: JudgedValue) -> str:
    """Write a value as `written` reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def expected(wording: Wording) -> str:
    """Say in a line what can be written, with what it means."""
    question, issue = wording.question, wording.issue
    if question.answer == "yes_no":
        return "yes or no"
    if question.answer == "scale":
        meanings = [f"{grade} = {meaning}" for grade, meaning in sorted((question.scale or {}).items())]
        return f"{question.grades[0]} to {question.grades[-1]} ({'; '.join(meanings)})"
    if issue is not None and issue.range is not None:
        ends = f"{issue.label(issue.values[0])} to {issue.label(issue.values[-1])}"
        return f"a number, {ends}; {UNSETTLED} = {wording.options[-1][1]}"
    return "; ".join(f"{name} = {meaning}" for name, meaning in wording.options)
