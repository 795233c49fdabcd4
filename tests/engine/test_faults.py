"""A server that fails in every way: each dialogue ends complete or failed with its reason, paid for once."""

from collections import Counter
from types import ModuleType

import pytest
import tenacity

from negosim import RunConfig, generate

DIALOGUES = 50


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_random(0, 0.01))
    monkeypatch.setattr("negosim.models._sending.OUTAGE", DIALOGUES)  # so many faults are no outage here


@pytest.mark.slow
def test_fifty_dialogues_at_a_server_that_fails_in_every_way(loopback: ModuleType, tmp_path) -> None:
    faults = loopback.Faults(loopback.talk, 0.2)
    with loopback.LoopbackServer(faults) as server:
        config = RunConfig(
            scenarios=("viatex",),
            models=(f"openai:faulty@{server.url}?timeout=1",),
            planner="direct",
            max_turns=4,
            votes="always",
            dialogues=DIALOGUES,
            concurrency=8,
        )
        dialogues = list(generate(config, out=tmp_path / "run"))
    assert set(faults.met) == set(faults.KINDS)

    # None is lost, none is there twice.
    assert Counter(dialogue.id for dialogue in dialogues) == {
        f"viatex.honest.{index:04d}": 1 for index in range(DIALOGUES)
    }
    complete = [dialogue for dialogue in dialogues if dialogue.status == "complete"]
    failed = [dialogue for dialogue in dialogues if dialogue.status == "failed"]
    assert complete
    assert failed
    assert len(complete) + len(failed) == DIALOGUES
    assert all(len(dialogue.turns) == 4 and dialogue.failure is None for dialogue in complete)
    for dialogue in failed:
        failure = dialogue.failure
        assert failure is not None
        assert failure.error in ("ModelError", "ProtocolError")
        assert failure.message
        assert failure.turn == len(dialogue.turns)
        # A failure is no outcome, and no zero.
        assert dialogue.outcome.status == "unknown"
        assert dialogue.outcome.values is None
        assert dialogue.outcome.joint_value is None

    account = [row for dialogue in dialogues for row in dialogue.account]
    assert sum(row.calls for row in account) == server.account.requests
    assert sum(row.tokens_in for row in account) == server.account.tokens_in
    assert sum(row.tokens_out for row in account) == server.account.tokens_out
