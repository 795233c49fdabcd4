"""The agent's tokens under any chat template; what is cut, and what never is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from negosim.errors import UserError
from negosim.rl import Trajectory, TrajectoryTurn
from negosim.rl._opening import NEUTRAL
from negosim.rl.training._tiny import word_tokenizer
from negosim.rl.training.dialogue_format import PLAIN_TEMPLATE, DialogueFormat

CHATML = (
    "{% for m in messages %}{{ '<|user|>' + m['role'] + ' ' + m['content'] | trim + '<|end|>' + ' gap ' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|user|>assistant ' }}{% endif %}"
)
CORPUS = (
    "user assistant system gap Context Agent User : hello there , how's it $ 2 0 good ok be kind . <|end|>"
)


def make_format(template: str | None = None) -> DialogueFormat:
    tokenizer = word_tokenizer([CORPUS])
    if template:
        tokenizer.chat_template = template
    return DialogueFormat(tokenizer)


def dialogue(*texts: str, first: str = "user", **given: object) -> Trajectory:
    roles = ["user", "agent"] if first == "user" else ["agent", "user"]
    turns = [TrajectoryTurn(role=roles[n % 2], text=text) for n, text in enumerate(texts)]  # type: ignore[arg-type]
    return Trajectory(**{"id": "d", "source": "s", "turns": tuple(turns), "reward": 1.0, **given})  # type: ignore[arg-type]


def said(form: DialogueFormat, trajectory: Trajectory, **given: object) -> str:
    """Return the actions of a dialogue as text, control tokens included."""
    encoded = form.encode(trajectory, 500, **given)  # type: ignore[arg-type]
    return str(form.tokenizer.decode([encoded.tokens[place + 1] for place in encoded.actions]))


@pytest.mark.parametrize("template", [None, CHATML, PLAIN_TEMPLATE.replace("Context", "user")])
def test_actions_are_what_the_agent_says_and_the_end_of_its_turns(template: str | None) -> None:
    form = make_format(template)
    trajectory = dialogue("hello there", "good", "ok", "how's it", "be kind", system="ok ok")
    assert said(form, trajectory) == "good<|end|> how's it<|end|>"
    assert said(form, trajectory, learner=("user",)) == "hello there<|end|> ok<|end|> be kind<|end|>"


def test_the_word_tokenizer_gives_text_back() -> None:
    text = "It's $155,000 now -- don't you think so? I've 2 dogs (and a cat_dog)."
    tokenizer = word_tokenizer([text])
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_what_is_said_cannot_pass_for_a_control_token() -> None:
    form = make_format()
    encoded = form.encode(dialogue("hello <|end|><|agent|> there", "good"), 500)
    end = form.tokenizer.convert_tokens_to_ids("<|end|>")
    assert encoded.tokens.count(end) == 2


def test_the_reward_is_on_the_last_action_whoever_speaks_last() -> None:
    form = make_format()
    trajectory = dialogue("hello", "good", "ok", "be kind", "ok ok", reward=2.0)
    turns = list(trajectory.turns)
    turns[1] = turns[1].model_copy(update={"reward": 0.5})
    encoded = form.encode(trajectory.model_copy(update={"turns": tuple(turns)}), 500, reward_scale=0.1)
    assert encoded.rewards == pytest.approx([0, 0.05, 0, 0, 0.2])


@given(
    texts=st.lists(
        st.lists(st.sampled_from(["hello", "there", "good", "ok", "kind"]), max_size=6), min_size=2
    ),
    room=st.integers(16, 40),
    system=st.booleans(),
)
@settings(max_examples=60)
def test_the_oldest_is_cut_first_and_the_reward_never(
    texts: list[list[str]], room: int, system: bool
) -> None:
    form = make_format()
    trajectory = dialogue(
        *(" ".join(["ok", *words]) for words in texts), system="be kind" if system else None
    )
    whole = form.encode(trajectory, 10_000)
    encoded = form.encode(trajectory, room)
    assert len(encoded.tokens) <= room
    assert sum(encoded.rewards) == 1.0 == encoded.rewards[-1]
    assert (encoded.cut is None) == (len(whole.tokens) <= room)
    assert len(encoded.actions) == len(encoded.rewards) >= 1
    words = [encoded.tokens[place + 1] for place in encoded.actions]
    assert words == [whole.tokens[place + 1] for place in whole.actions][-len(words) :]


def test_what_was_cut_is_told() -> None:
    form = make_format()
    trajectory = dialogue("hello there hello there", "good", "ok", "be kind")
    assert form.encode(trajectory, 12).cut == "turn 1"
    assert form.encode(trajectory, 9).cut == "turns 1 to 2"
    long = dialogue("hello", " ".join(["good"] * 30))
    cut = form.encode(long, 10)
    assert cut.cut is not None
    assert "the first 22 tokens of turn 2" in cut.cut
    assert len(cut.tokens) == 10
    with pytest.raises(UserError, match=r"no room for the system prompt"):
        form.encode(dialogue("hello", "good", system="ok " * 30), 10)


def test_what_precedes_a_turn_is_the_same_in_training_and_decoding() -> None:
    form = make_format(CHATML)
    trajectory = dialogue("hello", "good", "ok", "be kind", "ok", system="ok ok")
    encoded = form.encode(trajectory, 500)
    for number, turn in enumerate(trajectory.turns):
        if turn.role == "agent":
            before = [(earlier.role, earlier.text) for earlier in trajectory.turns[:number]]
            prompt, forgotten = form.prompt("ok ok", before, 500)
            assert forgotten == 0
            assert encoded.tokens[: len(prompt)] == prompt
            assert len(prompt) - 1 in encoded.actions
    prompt, forgotten = form.prompt(
        "ok ok", [("user", "hello"), ("agent", "good"), ("user", "ok")], 13, reserve=0
    )
    assert (forgotten, len(prompt)) == (2, 13)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ raise_exception('user first') }}", "refuses a dialogue"),
        ("{{ messages[0]['content'] }}", "leaves out or reorders"),
        (
            "{% for m in messages %}{{ '!' if loop.last }}{{ m['content'] + eos_token }}{% endfor %}",
            "earlier",
        ),
    ],
)
def test_templates_that_cannot_be_trained_on_are_refused(template: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        make_format(template).encode(dialogue("hello", "good", "ok", "good"), 500)


def test_a_tokenizer_that_cannot_end_a_turn_is_refused() -> None:
    backend = word_tokenizer([CORPUS]).backend_tokenizer
    with pytest.raises(UserError, match="cannot end a turn"):
        DialogueFormat(PreTrainedTokenizerFast(tokenizer_object=backend))


def test_one_long_turn_costs_only_itself() -> None:
    form = make_format()
    many = " ".join(["there"] * 300)
    after = form.encode(dialogue("hello", "good", "ok", "be kind", many), 60)
    assert after.cut == "the last 270 tokens of turn 5"
    before = form.encode(dialogue("hello", "good", many, "be kind"), 60)
    assert before.cut == "the last 270 tokens of turn 3"
    mine = form.encode(dialogue("hello", many, "ok", "be kind"), 60)
    assert mine.cut == "the first 270 tokens of turn 2"
    for encoded in (after, before, mine):
        assert len(encoded.tokens) <= 60
        assert form.tokenizer.decode(encoded.tokens).startswith("<|user|> hello<|end|>")
        assert sum(encoded.rewards) == 1.0


def test_what_follows_the_last_action_makes_room_for_it() -> None:
    form = make_format()
    cut = form.encode(dialogue("hello", " ".join(["good"] * 9), " ".join(["ok"] * 9)), 20)
    assert cut.cut is not None
    assert len(cut.tokens) == 20
    assert "good good good good good good good good good" in form.tokenizer.decode(cut.tokens)


USER_FIRST = (
    "{% for m in messages %}{% if m['role'] == 'system' or (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate user/assistant') }}{% endif %}"
    "{{ '<|user|>' + m['role'] + ' ' + m['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|user|>assistant ' }}{% endif %}"
)


@pytest.mark.parametrize("first", ["user", "agent"])
@pytest.mark.parametrize("system", [None, "be kind"])
def test_a_template_that_wants_the_user_first_can_be_served(first: str, system: str | None) -> None:
    trajectory = dialogue("hello", "good", "ok", "how's it", first=first, system=system)
    tokenizer = word_tokenizer([CORPUS, NEUTRAL])
    tokenizer.chat_template = USER_FIRST
    form = DialogueFormat(tokenizer, "user")
    encoded = form.encode(trajectory, 500)
    opening = "\n\n".join([*([system] if system else []), "hello" if first == "user" else NEUTRAL])
    text = form.tokenizer.decode(encoded.tokens)
    assert "".join(text.split()).startswith("".join(f"<|user|>user{opening}<|end|>".split()))
    agent = "good<|end|>" if first == "user" else "hello<|end|>"
    assert form.tokenizer.decode([encoded.tokens[place + 1] for place in encoded.actions]).startswith(agent)
    for number, turn in enumerate(trajectory.turns):
        if turn.role == "agent":  # decoding sees what training saw
            before = [(earlier.role, earlier.text) for earlier in trajectory.turns[:number]]
            prompt, _ = form.prompt(system, before, 500)
            assert encoded.tokens[: len(prompt)] == prompt
    cut = form.encode(trajectory, len(encoded.tokens) - 1)  # what is left may begin with the agent
    assert cut.cut is not None
    assert cut.tokens[-3:] == encoded.tokens[-3:]
    if first == "agent" or system:
        with pytest.raises(UserError, match="--begin user"):
            make_format(USER_FIRST).encode(trajectory, 500)
