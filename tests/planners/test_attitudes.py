"""The classifier of attitudes: its examples, its training, its file, and `stance` with it."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from negosim import RunConfig, UserError, generate, resume
from negosim.cli import main
from negosim.models import ScriptedModel
from negosim.planners.attitude_examples import AttitudeExample, read_examples
from negosim.planners.attitude_training import train_attitudes, write_attitudes
from negosim.planners.attitudes import AttitudeClassifier, load_attitudes
from negosim.scenarios import load_scenario

THINGS = (
    "trams",
    "buses",
    "cats",
    "dogs",
    "gardens",
    "bees",
    "rain",
    "snow",
    "books",
    "songs",
    "ponds",
    "hens",
)
WORDS = {4: "Yes, {} are wonderful, I love them.", 0: "No, {} are awful, I hate them."}


def example(thing: str, agreement: int) -> AttitudeExample:
    return AttitudeExample(
        statement=f"The town needs {thing}.",
        agreement=agreement,
        said=(WORDS[agreement].format(thing),),
        heard=(f"What of {thing}?",),
        dialogue=f"{thing} {agreement}",
    )


EXAMPLES = [example(thing, agreement) for thing in THINGS for agreement in WORDS]


@pytest.fixture(scope="module")
def trained() -> AttitudeClassifier:
    return train_attitudes(EXAMPLES, (), by="statements", epochs=40)


def test_what_was_said_tells_attitudes_to_statements_it_has_not_seen(trained: AttitudeClassifier) -> None:
    assert trained.card.held_out == 4
    assert trained.card.accuracy == 1.0
    assert trained.card.majority == 0.5
    assert trained.card.error < 0.3 < trained.card.constant_error
    unseen = "The town needs lamps.", WORDS[4].format("lamps"), WORDS[0].format("lamps")
    assert trained.share(unseen[0], [unseen[1]], []) > 0.7 > 0.3 > trained.share(unseen[0], [unseen[2]], [])
    assert trained.probabilities(unseen[0], [], []).sum() == pytest.approx(1.0)


def test_training_is_repeatable_and_leaves_torch_as_it_was() -> None:
    state = torch.get_rng_state()
    made = [train_attitudes(EXAMPLES, (), epochs=1, seed=seed).layers[0][0] for seed in (3, 3, 4)]
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_answers_to_measures_are_examples(tmp_path: Path) -> None:
    run = generate(RunConfig(scenarios="wild-beds", models="sim", max_turns=4), out=tmp_path / "run")
    (dialogue,) = run
    examples, (source,) = read_examples([str(tmp_path / "run")], {})
    assert source.examples == len(examples) == len(dialogue.measurements) == 4
    assert {one.statement for one in examples} == {load_scenario("wild-beds").claim}
    first, last = examples[0], examples[-1]
    # Hanne's prior is 6 of 1 to 7: 4 * 5 / 6.
    assert (first.agreement, first.said, first.heard) == (3, (), ())
    assert last.said == tuple(turn.utterance.text for turn in dialogue.turns if turn.role == 1)
    assert len(last.heard) == 2


@pytest.mark.parametrize(
    ("lines", "arguments", "said"),
    [
        ('{"statement": "A", "agreement": 7}', (), "line 1: agreement: Input should be less than"),
        ('{"statement": "A", "agreement": "4"}', (), "line 1: agreement"),
        ("{", (), "line 1"),
        ("", (), "has no examples"),
        ('{"statement": "A", "agreement": 1}', (), "1 dialogues are too few"),
        ('{"statement": "A", "agreement": 1}\n' * 12, (), "every example has attitude 1"),
        ('{"statement": "A", "agreement": 1}', ("--statement", "stance"), "write MEASURE=TEXT"),
        (None, (), "cannot be read"),
    ],
)
def test_examples_that_cannot_be_used_are_refused(
    lines: str | None,
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, out = tmp_path / "examples.jsonl", tmp_path / "made.safetensors"
    if lines is not None:
        file.write_text(lines)
    with pytest.raises(SystemExit) as left:
        main(["planners", "attitudes", str(file), "--out", str(out), *arguments])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_runs_without_attitudes_are_refused(tmp_path: Path) -> None:
    generate(RunConfig(scenarios="viatex", models="sim", max_turns=2), out=tmp_path / "deal")
    generate(RunConfig(scenarios="wild-beds", models="sim", max_turns=2), out=tmp_path / "beds")
    with pytest.raises(UserError, match="has no examples"):
        read_examples([str(tmp_path / "deal")], {})
    with pytest.raises(UserError, match="no measure 'mood'; there is stance"):
        read_examples([str(tmp_path / "beds")], {"mood": "All is well."})


def test_stance_takes_attitudes_from_the_classifier(
    trained: AttitudeClassifier, filling: Callable[..., ScriptedModel], tmp_path: Path
) -> None:
    file = tmp_path / "attitudes.safetensors"
    write_attitudes(trained, file)
    assert load_attitudes(str(file)).card == trained.card
    claim = {"claim": "The town needs lamps.", "negation": "The town needs no lamps."}
    model = filling(Counterclaims={"counterclaim_1": claim})
    planner = f"stance:claims=1,classifier={file}"
    config = RunConfig(scenarios="donation", models="m", planner=planner, max_turns=2)
    (dialogue,) = generate(config, out=tmp_path / "run", chat_models={"m": model})
    assert dialogue.status == "complete", dialogue.failure
    calls = Counter(call.stage for call in dialogue.calls if call.turn == 1 and call.stage[:6] == "stance")
    assert calls == {"stance-claims": 1, "stance-speak": 1}
    heard = [dialogue.turns[0].utterance.text]
    shares = [trained.share(text, heard, []) for text in claim.values()]
    shown = f"({round(8 * (0.5 + (shares[0] - shares[1]) / 2))} of 8)"
    assert shown in (dialogue.turns[1].reflection or "")
    write_attitudes(train_attitudes(EXAMPLES, (), epochs=1), file)
    with pytest.raises(UserError, match="planner's classifier"):
        resume(tmp_path / "run", chat_models={"m": model})


@pytest.mark.parametrize("content", [None, b"", b"no classifier", json.dumps({"a": 1}).encode()])
def test_a_file_that_is_no_classifier_is_refused_when_planned(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "attitudes.safetensors"
    if content is not None:
        file.write_bytes(content)
    config = RunConfig(scenarios="donation", models="m", planner=f"stance:classifier={file}")
    with pytest.raises(UserError, match="negosim planners attitudes"):
        generate(config, chat_models={"m": ScriptedModel([])})
