"""Runs and dialogues as notebooks show them: short, in public view, safe as HTML."""

from pathlib import Path

import pytest

import negosim


@pytest.fixture
def run(tmp_path: Path) -> negosim.Run:
    config = negosim.RunConfig(scenarios="viatex", conditions=["honest", "deceptive-2"], max_turns=6)
    return negosim.generate(config, out=tmp_path / "run")


def private_texts(run: negosim.Run, dialogue: negosim.Dialogue) -> list[str]:
    roles = run.scenario(dialogue.scenario).roles
    secrets = [text for role in roles for text in (role.brief, role.alternative, *role.secrets)]
    thoughts = [turn.reflection for turn in dialogue.turns if turn.reflection]
    candidates = [rollout.expected_reply for turn in dialogue.turns for rollout in turn.rollouts]
    return [*secrets, *thoughts, *candidates]


def test_repr_is_a_line_without_anything_private(run: negosim.Run) -> None:
    (first, _) = run
    assert repr(run) == f"Run({str(run.path)!r}, 2 of 2 dialogues)"
    assert repr(first) == f"Dialogue('viatex.honest.0000', 6 turns, {first.outcome.status}, {first.end})"


def test_html_shows_what_was_said_in_public(run: negosim.Run) -> None:
    assert "deceptive-2" in run._repr_html_()
    for dialogue in run:
        html = dialogue._repr_html_()
        assert html.count("<tr>") == 7
        for text in private_texts(run, dialogue):
            assert text not in html
            assert text not in run._repr_html_()


def test_what_was_said_is_no_html(run: negosim.Run) -> None:
    dialogue = next(iter(run))
    turn = dialogue.turns[0]
    said = turn.utterance.model_copy(update={"text": "<script>alert(1)</script>\nyes \u202e&amp;"})
    forged = dialogue.model_copy(update={"turns": (turn.model_copy(update={"utterance": said}),)})
    html = forged._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>yes ⟨U+202E⟩&amp;amp;" in html
