"""The real small language model plays short dialogues: its prose is weak, its protocol is real."""

from collections import Counter
from pathlib import Path

import pytest

from negosim import Dialogue, RunConfig, generate
from negosim.models._local import serve

pytestmark = [pytest.mark.real_model, pytest.mark.xdist_group("real_model"), pytest.mark.slow]


def check(dialogue: Dialogue, model: str, turns: int) -> None:
    """A dialogue a weak model finished, or failed in a way that is recorded; the account is the server's."""
    assert dialogue.models == (model, model)
    if dialogue.status == "failed":
        assert dialogue.failure is not None
        assert dialogue.failure.error == "ProtocolError"
        assert "no usable answer in 3 attempts" in dialogue.failure.message
    else:
        assert 1 <= len(dialogue.turns) <= turns
        assert dialogue.end in ("max_turns", "concluded", "walk_away")
        assert all(turn.utterance.text for turn in dialogue.turns)
    assert sum(row.tokens_in for row in dialogue.account) > 1000
    assert sum(row.tokens_out for row in dialogue.account) > 0
    requests: Counter[int | None] = Counter()
    for row in dialogue.account:
        requests[row.role] += row.calls
    if max(requests.values()) > 1:  # a model that leaves at once shares nothing with itself
        assert sum(row.tokens_cached for row in dialogue.account) > 0


def test_rollouts_in_process(smollm2: Path, tmp_path: Path) -> None:
    config = RunConfig(
        scenarios=("donation",), conditions=("honest",), models=("local?max_tokens=150",), k=2, max_turns=1
    )
    (dialogue,) = generate(config, out=tmp_path / "run")
    check(dialogue, "local:smollm2", 1)
    assert {row.stage for row in dialogue.account} >= {"reflect", "tactics"}
    for turn in dialogue.turns:
        assert len(turn.rollouts) == 2
        assert all(candidate.score is not None for candidate in turn.rollouts)


def test_direct_over_the_openai_protocol(smollm2: Path, tmp_path: Path) -> None:
    url = serve(smollm2)
    name = f"openai:smollm2@{url}"
    config = RunConfig(
        scenarios=("viatex",), models=(f"{name}?max_tokens=150",), planner="direct", max_turns=2
    )
    (dialogue,) = generate(config, out=tmp_path / "run")
    check(dialogue, name, 2)
