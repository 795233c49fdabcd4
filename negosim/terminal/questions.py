"""A question set as people read it."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from negosim._text import one_line, plural
from negosim.judging import Question, QuestionSet
from negosim.terminal.transcript import words

_KINDS = {
    "yes_no": "yes or no",
    "tactic": "a tactic of the run's taxonomies, or none",
    "issue": "the settled value of an issue, or unsettled",
}


def questions_view(given: QuestionSet) -> RenderableType:
    """Return a set's questions with their scales, options and examples."""
    count = plural(len(given.questions), "question")
    seen = ", ".join(name.replace("_", " ") for name in given.perspectives)
    parts: list[RenderableType] = [
        Text.assemble((one_line(given.id), "bold"), f": {one_line(given.title)}, {count}, asked of: {seen}")
    ]
    if given.instructions:
        parts.append(words(given.instructions))
    for question in given.questions:
        each = "" if question.about == "dialogue" else f", for each {question.about}"
        parts += [Text(""), Text.assemble((one_line(question.id), "bold"), each)]
        parts.append(Padding(Group(*_lines(question)), (0, 0, 0, 2)))
    return Group(*parts)


def _lines(question: Question) -> list[Text]:
    lines = [words(question.text)]
    if question.scale:
        lines += [words(f"{grade}: {meaning}") for grade, meaning in sorted(question.scale.items())]
    elif question.options:
        lines += [words(f"{option.id}: {option.label}") for option in question.options]
    else:
        lines.append(words(_KINDS[question.answer]))
    for name, value in question.only_if.items():
        lines.append(words(f"only if {name} is {str(value).lower()}"))
    if question.example:
        example = question.example
        lines.append(words("e.g.", "italic"))
        lines += [words(f"  {line}", "italic") for line in example.dialogue.splitlines()]
        lines.append(words(f"deserves {str(example.answer).lower()}: {example.reason}", "italic"))
    return lines
