import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from negosim.models._answer import parse_answer


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    score: float
    done: bool


GOOD = Answer(text="We {could} agree.", score=7, done=False)
MODES = ("json_schema", "json_object", "prompt")
ANSWERS = st.builds(Answer, text=st.text(), score=st.floats(-1e9, 1e9), done=st.booleans())


@given(
    ANSWERS, st.sampled_from(MODES), st.sampled_from(["{}", " \n{}\n ", "```json\n{}\n```", "```\n{}\n```\n"])
)
def test_any_answer_is_read_back_bare_or_fenced(answer, mode, frame):
    assert parse_answer(frame.replace("{}", answer.model_dump_json()), Answer, mode) == answer


@given(
    ANSWERS, st.text(st.characters(exclude_characters="{")), st.text(st.characters(exclude_characters="{"))
)
def test_one_object_in_prose_is_found_where_json_could_only_be_asked_for(answer, before, after):
    text = f"{before} {answer.model_dump_json()} {after}"
    assert parse_answer(text, Answer, "prompt") == answer


@given(st.text(), st.sampled_from(MODES))
def test_garbage_is_refused_with_a_reason(text, mode):
    with pytest.raises(ValueError, match=r"\w"):
        parse_answer(text, Answer, mode)


@given(ANSWERS, st.integers(1, 60), st.sampled_from(MODES))
def test_half_an_object_is_never_used(answer, cut, mode):
    text = answer.model_dump_json()
    with pytest.raises(ValueError, match=r"\w"):
        parse_answer(text[: max(0, len(text) - cut)], Answer, mode)


@pytest.mark.parametrize("mode", ["json_schema", "json_object"])
def test_prose_is_refused_where_the_server_was_held_to_json(mode):
    with pytest.raises(ValueError, match="not valid JSON"):
        parse_answer(f"Here you are: {GOOD.model_dump_json()}", Answer, mode)


def test_an_object_inside_a_broken_one_is_not_taken_for_the_answer():
    inner = GOOD.model_dump_json()
    for text in (f'I think: {{"private": {inner}, oops}}', f"Think: {{ {inner}", f"{inner} or {inner}"):
        with pytest.raises(ValueError, match=r"\w"):
            parse_answer(text, Answer, "prompt")


@pytest.mark.parametrize(
    "change", [{"score": "7"}, {"done": "yes"}, {"done": 1}, {"text": None}, {"more": 1}]
)
def test_types_are_not_guessed(change):
    data = {**GOOD.model_dump(), **change}
    with pytest.raises(ValueError, match=next(iter(change))):
        parse_answer(orjson.dumps(data).decode(), Answer, "json_schema")


def test_a_reason_quotes_nothing_of_the_answer():
    canary = "my reservation value is 4711"
    for data in ({"text": "a", "score": canary, "done": canary}, {"text": canary}, [canary], {canary: 1}):
        with pytest.raises(ValueError, match=r"\w") as caught:
            parse_answer(orjson.dumps(data).decode(), Answer, "json_schema")
        if canary not in data:
            assert "4711" not in str(caught.value)
