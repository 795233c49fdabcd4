"""Question sets: what a judge is asked in one go. A file is a set; its id is the file's stem."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from negosim._fields import Slug, Text
from negosim._frozen import Frozen
from negosim._reading import Problem, describe_errors, read_yaml, with_lines
from negosim.plugins import PluginError, PluginFile, find, sources
from negosim.scenarios import Option, Scenario

SUFFIXES = (".yaml", ".yml")

RESOLUTION = "resolution"
"""Id of the set that is made from a scenario's own resolution questions."""
RESERVED = (RESOLUTION, "claims", "beliefs", "beliefs-turns", "measures")
"""Ids of what is asked by other means than a file."""
UNSETTLED = "unsettled"
"""The answer to a question about an issue on which nothing was agreed."""
MOST_GRADES = 101
"""A scale of 0 to 100; each grade is a line of the prompt."""
NONE = "none"
"""The answer to a question about tactics where no tactic was used."""

About = Literal["dialogue", "agent", "turn"]
AnswerKind = Literal["yes_no", "scale", "choice", "tactic", "issue"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PLACEHOLDERS: Mapping[About, tuple[str, ...]] = {
    "dialogue": ("title",),
    "agent": ("title", "agent"),
    "turn": ("title", "agent"),
}


class Example(Frozen):
    """A short made-up dialogue with the answer it deserves, so that judges share one scale."""

    dialogue: Text
    answer: bool | int | str
    reason: Text


class Contradiction(Frozen):
    """Answers that do not go with an answer to an earlier question about the same."""

    question: Slug
    """The earlier question."""
    answer: bool | int | str
    """Its answer."""
    here: Annotated[tuple[bool | int | str, ...], Field(min_length=1)]
    """Answers to this question that contradict it."""


class Question(Frozen):
    """One question: about the whole dialogue, about each agent, or about each utterance."""

    id: Slug
    text: Text
    """May hold `{agent}` (the name of whom it is about, or of the speaker) and `{title}` (the scenario's)."""
    about: About = "dialogue"
    answer: AnswerKind
    """"yes_no"; "scale" (a whole number, see `scale`); "choice" (one of `options`); "tactic" (an id of the
    run's tactics and techniques, or "none"); "issue" (the settled value of `issue`, or "unsettled")."""
    scale: dict[int, Text] | None = None
    """What grades stand for; the smallest and the largest are the ends of the scale."""
    options: tuple[Option, ...] | None = None
    issue: Slug | None = None
    only_if: dict[Slug, bool | int | str] = Field(default_factory=dict)
    """Answers to other questions of the set without which this one has no answer."""
    contradictions: tuple[Contradiction, ...] = ()
    """What a judge cannot mean both; it is asked again once, and answers that stay so are marked."""
    quotes: Annotated[int, Field(ge=0, le=5)] = 2
    """Most passages of the transcript to quote as evidence."""
    example: Example | None = None

    @property
    def grades(self) -> range:
        """The grades of a scale."""
        return range(min(self.scale), max(self.scale) + 1) if self.scale else range(0)

    def worded(self, *, title: str, agent: str = "") -> str:
        """Return the text with its placeholders filled in."""
        values = {"title": title, "agent": agent}
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), self.text)


class QuestionSet(Frozen):
    """Questions asked together, and from whose perspectives."""

    schema_version: Literal[1] = 1
    id: Slug
    title: Text
    """What the set is about, in a few words."""
    instructions: str = ""
    """What a judge should know before it answers."""
    perspectives: Annotated[tuple[Literal["third_party", "agents"], ...], Field(min_length=1)]
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]

    def by_id(self, question: str) -> Question:
        """Return a question by its id."""
        return next(item for item in self.questions if item.id == question)


def list_question_sets() -> dict[str, PluginFile]:
    """Return every question set that can be named by id, built-in or from plugins, sorted."""
    return sources("questions", SUFFIXES)


def load_question_set(reference: str) -> QuestionSet:
    """Load a question set by id ("agreement") or by the path of its YAML file.

    Raises:
        UserError: there is no such set; the nearest names are suggested.
        PluginError: the file is wrong; every problem is listed with its line and field.

    """
    source = find("questions", reference, SUFFIXES)
    return _parse(source.read_text(), source.name, source.id)


def resolution_set(scenario: Scenario) -> QuestionSet | None:
    """Return a scenario's own questions as a set, None where it has none."""
    questions = tuple(
        Question(
            id=f"{RESOLUTION}-{question.id}",
            text=question.text,
            answer="issue" if question.issue else "yes_no",
            issue=question.issue,
        )
        for question in scenario.resolution
    )
    if not questions:
        return None
    return QuestionSet(
        id=RESOLUTION,
        title="What was settled",
        instructions=(
            "Go by what both sides agreed to in the end, not by what one side asked for or offered. "
            f'Where an issue was left open, the answer is "{UNSETTLED}".'
        ),
        perspectives=("third_party", "agents"),
        questions=questions,
    )


@lru_cache(maxsize=64)
def _parse(text: str, name: str, stem: str) -> QuestionSet:
    data, lines = read_yaml(text, name)
    try:
        loaded = QuestionSet.model_validate(data)
    except ValidationError as error:
        raise PluginError(name, with_lines(describe_errors(error, data), lines)) from None
    problems = list(_check(loaded, stem))
    if problems:
        raise PluginError(name, with_lines(problems, lines))
    return loaded


def _check(given: QuestionSet, stem: str) -> Iterator[Problem]:
    """Find what the shape alone does not show."""
    if given.id != stem:
        yield Problem(("id",), f"{given.id!r} differs from the file's name {stem!r}; make them the same")
    if given.id in RESERVED:
        yield Problem(("id",), f"{given.id!r} is negosim's own; choose another id")
    earlier: dict[str, Question] = {}
    for number, question in enumerate(given.questions):
        where = ("questions", number)
        if question.id in earlier:
            yield Problem((*where, "id"), f"{question.id!r} is used twice; ids must differ")
        yield from (
            Problem((*where, *problem.where), problem.what) for problem in _check_question(question, earlier)
        )
        earlier[question.id] = question


def _check_question(question: Question, earlier: Mapping[str, Question]) -> Iterator[Problem]:
    known = _PLACEHOLDERS[question.about]
    for name in _PLACEHOLDER.findall(question.text):
        if name not in known:
            listed = " and ".join(f"{{{item}}}" for item in known)
            what = f"{{{name}}} cannot be filled in a question about the {question.about}; known are {listed}"
            yield Problem(("text",), what)
    if question.answer == "issue":
        yield Problem(("answer",), "'issue' is for the resolution questions of scenarios; choose another")
    for field, kind in (("scale", "scale"), ("options", "choice")):
        given = getattr(question, field)
        if question.answer == kind and (given is None or len(given) < 2):
            yield Problem((field,), f"an answer of kind {kind!r} needs {field} with at least two entries")
        if question.answer != kind and given is not None:
            yield Problem((field,), f"is for answers of kind {kind!r}, not {question.answer!r}; remove it")
    if len(question.grades) > MOST_GRADES:
        what = f"has {len(question.grades):,} grades from end to end; use at most {MOST_GRADES}"
        yield Problem(("scale",), what)
    ids = [option.id for option in question.options or ()]
    for number, option in enumerate(ids):
        if option in ids[:number]:
            yield Problem(("options", number, "id"), f"{option!r} is used twice; ids must differ")
    if question.answer == "tactic" and question.about != "turn":
        yield Problem(("about",), "a tactic is that of an utterance: write 'about: turn'")
    for name, value in question.only_if.items():
        other = earlier.get(name)
        if other is None or other.about != question.about:
            yield Problem(("only_if", name), f"no earlier question {name!r} about the {question.about}")
        elif (problem := misfit(other, value)) is not None:
            yield Problem(("only_if", name), f"{problem}, not {value!r}")
    for number, one in enumerate(question.contradictions):
        where, other = ("contradictions", number), earlier.get(one.question)
        if other is None or other.about != question.about:
            yield Problem((*where, "question"), f"no earlier question {one.question!r} about the same")
        elif (problem := misfit(other, one.answer)) is not None:
            yield Problem((*where, "answer"), f"{problem}, not {one.answer!r}")
        for value in one.here:
            if (problem := misfit(question, value)) is not None:
                yield Problem((*where, "here"), f"{problem}, not {value!r}")
    example = question.example
    if example is not None and (problem := misfit(question, example.answer)) is not None:
        yield Problem(("example", "answer"), f"{problem}, not {example.answer!r}")


def misfit(question: Question, value: Any) -> str | None:
    """Return what an answer to a question of a file must be, None where it fits."""
    if question.answer == "yes_no":
        return None if isinstance(value, bool) else "must be true or false"
    if question.answer == "scale":
        sound = isinstance(value, int) and not isinstance(value, bool) and value in question.grades
        ends = f"{question.grades.start} to {question.grades.stop - 1}" if question.grades else "the scale"
        return None if sound else f"must be a whole number from {ends}"
    if question.answer == "choice":
        ids = [option.id for option in question.options or ()]
        return None if value in ids else f"must be one of {', '.join(ids)}"
    return None if isinstance(value, str) else "must be text"
