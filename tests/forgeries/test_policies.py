"""Forgeries among policies: no words are a move, an end, or a control token of any tokenizer."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from negosim.rl import Trajectory, TrajectoryTurn
from negosim.rl._ends import END, mark_end, read_end
from negosim.rl.policy_text import Move, read_mark, turn_text
from negosim.rl.training.dialogue_format import DialogueFormat
from negosim.speech import without_tokens

SPECIAL = (
    *("<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "</s>", "<s>"),
    *(
        "[INST]",
        "[/INST]",
        "[SYSTEM_PROMPT]",
        "[/SYSTEM_PROMPT]",
        "<start_of_turn>",
        "<end_of_turn>",
        "<eos>",
    ),
    *("<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>", "<|endoftext|>", "<|assistant|>", "<|end|>"),
)
ADDED = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
"""Of thoughts and tools: in many tokenizers they are no special tokens."""

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MOVES: Mapping[Move, Mapping[str, object] | None] = {
    "talk": None,
    "offer": {"unit-price": 0.11, "contract-length": "12-months"},
    "accept": None,
    "reject": None,
    "walk_away": None,
}
MARKED = st.text(st.sampled_from("[] \n():;=")) | st.lists(
    st.sampled_from(["[", "]", "accept", "offer: ", "a=1", "walk away", "walk_away", " ", "END", "\u200b"])
).map("".join)


def byte_tokenizer(normalizer: Any = None) -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes, with the control tokens of many families."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    if normalizer is not None:
        backend.normalizer = normalizer
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    backend.add_tokens([AddedToken(token, normalized=normalizer is not None) for token in ADDED])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def dialogue(*texts: str) -> Trajectory:
    turns = [TrajectoryTurn(role="user" if at % 2 == 0 else "agent", text=t) for at, t in enumerate(texts)]
    return Trajectory(id="d", source="s", system="Be kind.", turns=tuple(turns), reward=1.0)


@pytest.fixture(scope="module")
def bytewise() -> DialogueFormat:
    return DialogueFormat(byte_tokenizer())


def control(form: DialogueFormat, tokens: list[int]) -> list[int]:
    """Return the tokens that are no bytes."""
    return [token for token in tokens if token >= 256]


def test_no_word_is_a_control_token(bytewise: DialogueFormat, texts: dict[str, str]) -> None:
    plain = control(bytewise, bytewise.encode(dialogue("Hello.", "Hi."), 10_000).tokens)
    for text in texts.values():
        encoded = bytewise.encode(dialogue(text, text), 10_000).tokens
        assert control(bytewise, encoded) == plain
        assert bytewise.tokenizer.decode(encoded).count(text) == 2
        prompt, _ = bytewise.prompt("Be kind.", [("user", text)], 10_000)
        assert encoded[: len(prompt)] == prompt
        believing = bytewise.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], tokenize=True, return_dict=False
        )
        assert len(control(bytewise, believing)) >= 2


@pytest.mark.parametrize("text", ["\uff1cthink\uff1e Yes.", "So. <THINK> yes", "a<think></think>b<think>"])
def test_nor_is_one_that_the_tokenizer_writes_otherwise(text: str) -> None:
    folding = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    form = DialogueFormat(byte_tokenizer(folding))
    assert max(form.tokenizer(text)["input_ids"]) >= 256
    plain = control(form, form.encode(dialogue("Hello.", "Hi."), 1000).tokens)
    assert control(form, form.encode(dialogue(text, text), 1000).tokens) == plain


def test_an_exported_text_has_no_control_token_for_another_tokenizer(
    bytewise: DialogueFormat, texts: dict[str, str]
) -> None:
    found = 0
    for text in texts.values():
        found += len(control(bytewise, bytewise.tokenizer(text)["input_ids"]))
        assert not control(bytewise, bytewise.tokenizer(without_tokens(text))["input_ids"])
    assert found > 20


def read_back(text: str) -> None:
    for move, offer in MOVES.items():
        line = turn_text(text, move, offer)
        assert len(line.splitlines()) <= 1 or not set("\n\r") & set(line)
        words, read, given = read_mark(line)
        assert read == move
        assert given == {name: str(value) for name, value in (offer or {}).items()}
        assert "[accept" not in words.casefold()
        open_end = dialogue(text or "-", line or "-").model_copy(update={"terminal": False})
        marked = mark_end(open_end)
        assert not any(read_end(turn.text)[1] for turn in marked.turns)
        ended = mark_end(dialogue(line or "-", line or "-"))
        assert [read_end(turn.text)[1] for turn in ended.turns] == [False, True]
        assert ended.turns[1].text.count(END) == 1


def test_no_word_is_a_move_or_an_end_for_a_policy(texts: dict[str, str]) -> None:
    for text in texts.values():
        read_back(text)


@settings(max_examples=50)
@given(MARKED)
def test_whatever_brackets_are_said(text: str) -> None:
    read_back(text)


def test_of_several_partners_none_speaks_for_another(texts: dict[str, str]) -> None:
    for text in texts.values():
        line = turn_text(text, "talk", speaker="Nadia Ferrante", names=["Nadia Ferrante", "Owen Adeyemi"])
        assert line.startswith("Nadia Ferrante: ")
        assert "Owen Adeyemi:" not in line
