"""Forms that a model answers questions in, and how they are read: orders of options, evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, WithJsonSchema, create_model

from negosim.judging._protocol import Item
from negosim.judging._questions import NONE, UNSETTLED, Question, misfit
from negosim.judging._quotes import label_of, verbatim
from negosim.models import tokens_needed
from negosim.records import QUOTES_DROPPED, JudgedValue, Judgement
from negosim.scenarios import Issue
from negosim.taxonomies import Tactic

LONGEST_GRID = 100
"""Numbers of an issue with more values than this are left open in the form and checked afterwards."""
LONGEST_REASON, LONGEST_QUOTE = 200, 160
"""In characters, a sentence each: thirteen answers that use all of it would be 1,900 tokens, not 3,400 of
rambling."""


@dataclass(frozen=True)
class Wording:
    """A question as it is put this time."""

    question: Question
    options: tuple[tuple[str, str], ...] = ()
    """Ids and meanings, in the order they are shown."""
    grades: tuple[int, ...] = ()
    """Of a scale, in the order they are shown."""
    yes_first: bool = True
    issue: Issue | None = None
    order: int = 0
    """Which order it is put in: 0 is that of the file; those of equal number are the same."""

    def place(self, value: JudgedValue) -> dict[str, int | float]:
        """Return where an answer stood among those shown, and how likely that was the first place.

        The chance is that of an order drawn for a repeat, whichever was drawn: a scale runs up or down, and
        what stands for "none" is always the last. Empty for a number that was not shown.
        """
        shown: Sequence[JudgedValue]
        if self.question.answer == "yes_no":
            shown, chances = ([True, False] if self.yes_first else [False, True]), [0.5, 0.5]
        elif self.grades:
            ends = (0, len(self.grades) - 1)
            shown = list(self.grades)
            chances = [0.5 if place in ends else 0.0 for place in range(len(shown))]
        else:
            shown = [name for name, _ in self.options]
            fixed = int(self.question.answer in ("tactic", "issue"))
            drawn = len(shown) - fixed
            chances = [1 / max(drawn, 1)] * drawn + [0.0] * fixed
        places = [place for place, one in enumerate(shown) if type(one) is type(value) and one == value]
        if not places:
            return {}
        return {"position": places[0] + 1, "chance_first": chances[places[0]], "order": self.order}


def worded(
    question: Question,
    issues: Mapping[str, Issue],
    tactics: Sequence[Tactic],
    rng: Random | None,
    order: int = 0,
) -> Wording:
    """Put a question: its options in the order of the file, or in one that `rng` draws, called `order`."""
    if question.answer == "yes_no":
        return Wording(question, yes_first=rng is None or rng.random() < 0.5, order=order)
    if question.answer == "scale":
        upwards = rng is None or rng.random() < 0.5
        grades = tuple(question.grades if upwards else reversed(question.grades))
        return Wording(question, grades=grades, order=order)
    issue = issues.get(question.issue or "")
    if question.answer == "tactic":
        options, last = [(tactic.id, tactic.definition) for tactic in tactics], (NONE, "no tactic stands out")
    elif question.answer == "issue":
        options = [(option.id, option.label) for option in (issue.options if issue else None) or ()]
        last = (UNSETTLED, "left open, or no deal")
    else:
        options = [(option.id, option.label) for option in question.options or ()]
        last = None
    if rng is not None:
        rng.shuffle(options)
    return Wording(question, options=(*options, *([last] if last else [])), issue=issue, order=order)


def answer_schema(wording: Wording) -> dict[str, Any]:
    """Return the JSON Schema of an answer."""
    question, issue = wording.question, wording.issue
    schema: dict[str, Any]
    if question.answer == "yes_no":
        schema = {"type": "boolean"}
    elif question.answer == "scale":
        schema = {"type": "integer", "enum": list(wording.grades)}
    else:
        schema = {"type": "string", "enum": [name for name, _ in wording.options]}
        if issue is not None and issue.range is not None:
            number: dict[str, Any] = {"type": "number"}
            if len(issue.values) <= LONGEST_GRID:
                number["enum"] = list(issue.values)
            schema = {"anyOf": [number, schema]}
    if question.only_if:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return schema


class Form(BaseModel):
    """A form with a field for each item. What is in a field is read one by one, by `read`."""

    model_config = ConfigDict(extra="ignore")

    def given(self, name: str) -> Any:
        """Return what was written in a field, None if nothing."""
        return getattr(self, name)


def form_of(fields: Mapping[str, Wording]) -> type[Form]:
    """Return the form that has a reason, quotes and an answer for each field."""
    return _form(tuple((name, orjson.dumps(_field_schema(wording))) for name, wording in fields.items()))


def _field_schema(wording: Wording) -> dict[str, Any]:
    properties: dict[str, Any] = {"reason": {"type": "string", "maxLength": LONGEST_REASON}}
    if wording.question.quotes:
        quote = {"type": "string", "maxLength": LONGEST_QUOTE}
        properties["quotes"] = {"type": "array", "items": quote, "maxItems": wording.question.quotes}
    return {"type": "object", "properties": {**properties, "answer": answer_schema(wording)}}


def room_for(field: str, wording: Wording) -> int:
    """Return how many tokens a field of a form can take."""
    return tokens_needed({"type": "object", "properties": {field: _field_schema(wording)}})


@lru_cache(maxsize=256)
def _form(fields: tuple[tuple[str, bytes], ...]) -> type[Form]:
    typed: dict[str, Any] = {
        name: (Annotated[Any, WithJsonSchema(orjson.loads(schema))], None) for name, schema in fields
    }
    return create_model("Questions", __base__=Form, **typed)


def read(item: Item, wording: Wording, given: Any, said: Sequence[tuple[str, str]]) -> Judgement | None:
    """Read what was written in a field; None is null, for a question that need not be answered.

    `said` is what may be quoted: speakers' names and their words. A quote that was never said is dropped, and
    counted in the judgement's detail; the value stands if at least half of the quotes given were said.

    Raises:
        ValueError: it cannot be used; says what is wrong and what would be right.

    """
    if given is None:
        if wording.question.only_if:
            return None
        raise ValueError("is missing")
    if not isinstance(given, dict) or "answer" not in given:
        raise ValueError('must be an object with "reason", "quotes" and "answer"')
    reason, quotes, answer = given.get("reason", ""), given.get("quotes", []), given["answer"]
    if not isinstance(reason, str):
        raise ValueError('"reason" must be text')
    if not isinstance(quotes, list) or not all(isinstance(quote, str) for quote in quotes):
        raise ValueError('"quotes" must be a list of texts')
    if answer is None and wording.question.only_if:
        return None
    value = _value(wording, answer)
    evidence = [_quoted(quote, said) for quote in quotes if quote.strip()]
    found = [quote for quote in evidence if quote is not None]
    dropped = len(evidence) - len(found)
    if dropped > len(found):
        raise ValueError(
            "a quote does not occur in what was said; copy it word for word from one "
            "utterance, or leave it out"
        )
    detail: dict[str, str | int | float | bool | None] = {**wording.place(value)}
    if dropped:
        detail[QUOTES_DROPPED] = dropped
    return item.judged(
        "ok",
        value=value,
        evidence=tuple(dict.fromkeys(found)),
        reason=" ".join(reason.split())[:LONGEST_REASON].rstrip(),
        detail=detail,
    )


def _value(wording: Wording, answer: Any) -> JudgedValue:
    question, issue = wording.question, wording.issue
    if issue is not None and answer != UNSETTLED:
        try:
            return issue.parse(answer)
        except ValueError:
            raise ValueError(f'"answer" must be {issue.wanted}, or "{UNSETTLED}"') from None
    names = [name for name, _ in wording.options]
    if question.answer in ("tactic", "issue"):
        problem = None if answer in names else "must be one of the ids listed"
    else:
        problem = misfit(question, answer)
    if problem is not None:
        raise ValueError(f'"answer" {problem}')
    value: JudgedValue = answer
    return value


def _quoted(quote: str, said: Sequence[tuple[str, str]]) -> str | None:
    """Return a quote as it was said, by whom it names if it names a speaker; None where it was not said."""
    label = label_of(quote).casefold()
    named = {name for name, _ in said if label and label in (name.casefold(), *name.casefold().split()[:1])}
    texts = [text for name, text in said if not named or name in named]
    found = verbatim(quote, texts)
    if found is None and len(quote) == LONGEST_QUOTE:  # the form's bound has cut it, maybe within a word
        found = verbatim(quote.rsplit(maxsplit=1)[0], texts)
    return found
