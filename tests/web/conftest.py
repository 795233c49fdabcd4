"""A run whose confidential parts are canaries, judged; and the viewer over it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import negosim
from negosim.records import Claim, Dialogue, Judgement, Rollout, Sheet
from negosim.store import Run

pytest.importorskip("starlette", reason="pages need pip install 'negosim[web]'")


def _marked(dialogue: Dialogue) -> Dialogue:
    """Return a dialogue whose thoughts are canaries, with one false claim in its first utterance."""
    turns = []
    for turn in dialogue.turns:
        side = turn.role + 1
        rollout = Rollout(
            tactic="social-proof",
            utterance=f"CANARYSKETCH{side}",
            expected_reply=f"CANARYREPLY{side}",
            score=7.5,
            reason="fits",
        )
        claim = Claim(
            subject="deadline",
            quote=turn.utterance.text[:12],
            stated="soon",
            actual="CANARYACTUAL",
            true=turn.role == 0,
            technique=None if turn.role == 0 else "fabrication",
        )
        turns.append(
            turn.model_copy(
                update={
                    "reflection": f"CANARYTHOUGHT{side}",
                    "rollouts": (rollout,),
                    "chosen": 0,
                    "claims": (claim,),
                }
            )
        )
    return dialogue.model_copy(update={"turns": tuple(turns)})


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four dialogues in matched pairs, honest and deceptive, in a folder of runs."""
    folder = tmp_path_factory.mktemp("runs")
    plain = negosim.generate(
        negosim.RunConfig(scenarios="rose-lane", dialogues=2, conditions=["honest", "deceptive-2"]),
        out=folder / "plain",
    )
    scenario = plain.scenario("rose-lane")
    roles = tuple(
        role.model_copy(
            update={
                "brief": f"CANARYBRIEF{number}",
                "secrets": (f"CANARYSECRET{number}",),
                "deceptive_brief": f"CANARYLIES{number}" if role.deceptive_brief else None,
            }
        )
        for number, role in enumerate(scenario.roles, 1)
    )
    marked = scenario.model_copy(update={"roles": roles})
    run = Run.create(folder / "kept", plain.header.model_copy(update={"scenarios": {"rose-lane": marked}}))
    with run.writing() as writer:
        for dialogue in plain:
            writer.append(_marked(dialogue))
    _judge(run)
    return folder


def _judge(run: Run) -> None:
    with run.judging() as writer:
        for dialogue in run:
            quote = dialogue.turns[1].utterance.text
            for perspective, reason in (
                ("third_party", "plain"),
                ("agent_1", "CANARYJUDGE1"),
                ("truth", "CANARYTRUTH"),
            ):
                answer = Judgement(
                    question="agreement", status="ok", value=True, reason=reason, evidence=(quote,)
                )
                writer.append(_sheet(dialogue, perspective, answer))
            lie = Judgement(
                question="claim", turn=1, status="ok", value="false", detail={"actual": "CANARYLIECHECK"}
            )
            writer.append(_sheet(dialogue, "third_party", lie, questions="claims"))


def _sheet(dialogue: Dialogue, perspective: str, answer: Judgement, questions: str = "agreement") -> Sheet:
    return Sheet(
        dialogue=dialogue.id,
        questions=questions,
        perspective=perspective,
        judge="judge-x",
        fingerprint="f" * 16,
        judgements=(answer,),
    )


@pytest.fixture
def browser(made: Path) -> Iterator[Any]:
    """A browserless client of the viewer over the runs."""
    from starlette.testclient import TestClient

    from negosim.web.viewer import viewer

    with TestClient(viewer([made])) as client:
        yield client
