"""The real small language model as judge: its answers are weak, its failures are on record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import Run
from negosim.judging import judge

pytestmark = [pytest.mark.real_model, pytest.mark.xdist_group("real_model"), pytest.mark.slow]

QUESTIONS = """\
id: short
title: The end of the conversation
perspectives: [third_party]
questions:
  - {id: agreed, text: Did the two sides agree?, answer: yes_no, quotes: 0}
  - {id: friendly, text: How friendly was it?, answer: scale, scale: {1: not at all, 5: very}, quotes: 0}
  - {id: proof, text: Did anybody name a price?, answer: yes_no, quotes: 1}
"""


def test_a_small_model_judges_a_dialogue(smollm2: Path, make_run: Callable[..., Run], tmp_path: Path) -> None:
    run = make_run(max_turns=2)
    (tmp_path / "short.yaml").write_text(QUESTIONS)
    judge(run, judges=["local?max_tokens=250&temperature=0"], questions=[str(tmp_path / "short.yaml")])
    (sheet,) = run.judgements()
    assert sheet.judge == "local:smollm2?temperature=0&max_tokens=250"
    assert sheet.tokens_in > 500
    assert sheet.tokens_out > 20
    assert sheet.calls == 1 or sheet.tokens_cached > 0  # a retry finds the transcript in the prefix cache
    agreed, friendly, proof = sheet.judgements
    assert agreed.status == friendly.status == "ok"
    assert isinstance(agreed.value, bool)
    assert friendly.value in range(1, 6)
    (dialogue,) = run
    if proof.status == "ok":
        assert all(any(quote in turn.utterance.text for turn in dialogue.turns) for quote in proof.evidence)
    else:
        assert proof.status == "invalid"
        assert "does not occur in what was said" in proof.reason
