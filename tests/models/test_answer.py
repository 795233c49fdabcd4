import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from negosim.models._answer import FormError, parse_answer


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=1000)
    score: float
    done: bool


GOOD = Answer(text="We {could} agree.", score=7, done=False)
ANSWERS = st.builds(Answer, text=st.text(max_size=50), score=st.floats(-1e9, 1e9), done=st.booleans())


FRAMES = ["{}", " \n{}\n ", "```json\n{}\n```", "```\n{}\n```\n", "```json {} ```", "\ufeff{}"]
TALK = st.text(st.characters(exclude_characters="{}[]<◁", exclude_categories=["Cs"]))


@given(ANSWERS, st.sampled_from(FRAMES))
def test_any_answer_is_read_back_bare_or_fenced(answer, frame):
    assert parse_answer(frame.replace("{}", answer.model_dump_json()), Answer) == answer


@given(ANSWERS, TALK, TALK)
def test_one_object_in_prose_is_found(answer, before, after):
    assert parse_answer(f"{before} {answer.model_dump_json()} {after}", Answer) == answer


THOUGHTS = [
    "<think>{}</think>", "<think>\n{}\n</think>\n\n", "{}</think>", "<THINKING>{}</THINKING>",
    "[THINK]{}[/THINK]",
    "◁think▷{}◁/think▷", "<think></think><think>{}</think>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
]  # fmt: skip
IDEAS = [
    "",
    "They want JSON.",
    'Like {"text": "a"} or {...}?',
    GOOD.model_dump_json(),
    'Braces { and " quotes',
]


@pytest.mark.parametrize("thought", THOUGHTS)
@pytest.mark.parametrize("idea", IDEAS)
def test_a_thought_before_the_answer_is_no_answer(thought, idea):
    final = Answer(text="Final </think> word.", score=1, done=True)
    assert parse_answer(thought.replace("{}", idea) + final.model_dump_json(), Answer) == final


@pytest.mark.parametrize("text", ["<think>{}", "<think>{}</think>", "Well: <think> {} </think> <think> {}"])
def test_a_draft_in_a_thought_is_never_taken(text):
    with pytest.raises(ValueError, match="answer"):
        parse_answer(text.replace("{}", GOOD.model_dump_json()), Answer)


def reading_seconds(repeats: int) -> float:
    start = time.process_time()
    for part in ("</think>", '{"', "<think>", '\\"', "{"):
        with pytest.raises(ValueError, match="answer"):
            parse_answer(part * repeats, Answer)
    return time.process_time() - start


def test_reading_takes_no_longer_than_the_text_is():
    short, long = (min(reading_seconds(repeats) for _ in range(2)) for repeats in (25_000, 100_000))
    assert long < 10 * short, "four times the text: 4 where it is read once, 16 where again and again"


@pytest.mark.parametrize(
    "change",
    [
        ('"score":7.0', '"score":7,"score":8'),
        ('"score":7.0', '"score":NaN'),
        ('"score":7.0', '"score":1e999'),
        ('"score":7.0', '"score":-Infinity'),
        ('"score":7.0', f'"score":{10**30}'),
        ('"score":7.0', f'"score":{"9" * 5000}'),
        ("could", "\\ud800"),
        ('"done":false', '"d\\u006fne":true,"done":false'),
        ('"score":7.0', '"score":' + "[" * 3000 + "]" * 3000),
    ],
)
def test_what_two_readers_would_read_differently_is_not_used(change):
    text = GOOD.model_dump_json()
    assert change[0] in text
    with pytest.raises(FormError, match="JSON"):
        parse_answer(text.replace(*change), Answer)


@pytest.mark.parametrize(
    "text", ["[{}]", "[{}, {}]", "{} {}", "{} or {}", '{"answer": {}}', '"answer": {}}', "[[{}]]"]
)
def test_what_might_not_be_meant_as_the_answer_is_not_taken(text):
    with pytest.raises(FormError):
        parse_answer(text.replace("{}", GOOD.model_dump_json()), Answer)


@given(st.text())
def test_garbage_is_refused_with_a_reason(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_answer(text, Answer)


@given(ANSWERS, st.integers(1, 60))
def test_half_an_object_is_never_used(answer, cut):
    text = answer.model_dump_json()
    with pytest.raises(ValueError, match=r"\w"):
        parse_answer(text[: max(0, len(text) - cut)], Answer)


@pytest.mark.parametrize(
    ("change", "form"),
    [({"score": "7"}, True), ({"more": 1}, True), ({"text": None}, True), ({"text": "x" * 2000}, False)],
)
def test_a_form_that_was_not_kept_is_told_from_bounds_that_were_not(change, form):
    with pytest.raises(ValueError, match=r"text|score|asked") as caught:
        parse_answer(orjson.dumps({**GOOD.model_dump(), **change}).decode(), Answer)
    assert isinstance(caught.value, FormError) is form


def test_an_object_inside_a_broken_one_is_not_taken_for_the_answer():
    inner = GOOD.model_dump_json()
    for text in (f'I think: {{"private": {inner}, oops}}', f"Think: {{ {inner}", f"{inner} or {inner}"):
        with pytest.raises(ValueError, match=r"\w"):
            parse_answer(text, Answer)


@pytest.mark.parametrize(
    "change", [{"score": "7"}, {"done": "yes"}, {"done": 1}, {"text": None}, {"score": True}]
)
def test_types_are_not_guessed(change):
    data = {**GOOD.model_dump(), **change}
    with pytest.raises(ValueError, match=next(iter(change))):
        parse_answer(orjson.dumps(data).decode(), Answer)


def test_a_model_is_told_that_it_wrote_text_for_another_type():
    with pytest.raises(
        ValueError, match=r"score: .* number, without quotation marks; done: .* boolean, with"
    ):
        parse_answer('{"text": "a", "score": "7", "done": "false"}', Answer)


def test_a_reason_quotes_nothing_of_the_answer():
    canary = "my reservation value is 4711"
    for data in ({"text": "a", "score": canary, "done": canary}, {"text": canary}, [canary], {canary: 1}):
        with pytest.raises(ValueError, match=r"\w") as caught:
            parse_answer(orjson.dumps(data).decode(), Answer)
        assert "4711" not in str(caught.value)
