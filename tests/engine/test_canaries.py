"""A key and a canary in every part of every kind of reply are found nowhere afterwards."""

import base64
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import tenacity

from negosim.cli import main

KEY, CANARY = "sk-planted/0123456789abcdef", "CANARY-7f3a"
BOTH = f"{KEY} {CANARY}"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_none())
    monkeypatch.setattr("negosim.models._limiter.FIRST_PAUSE", 0.0)


def completion(**parts: Any) -> bytes:
    message = {"role": "assistant", "content": parts.pop("content", BOTH)}
    choice = {"index": 0, "message": message, "finish_reason": parts.pop("finish", "stop")}
    usage = parts.pop("usage", {"prompt_tokens": 9, "completion_tokens": 1, BOTH: BOTH})
    return orjson.dumps({"id": BOTH, "model": BOTH, "choices": [choice], "usage": usage, **parts})


ERROR = orjson.dumps({"error": {"message": BOTH, "type": BOTH, "param": BOTH, "code": BOTH}, BOTH: BOTH})
BODIES: dict[str, tuple[int, bytes]] = {
    "no JSON": (200, BOTH.encode()),
    "no completion": (200, orjson.dumps({BOTH: BOTH})),
    "prose": (200, completion()),
    "a field nobody asked for": (200, completion(content=orjson.dumps({BOTH: BOTH}).decode())),
    "values of a wrong kind": (200, completion(content=orjson.dumps({"utterance": [BOTH]}).decode())),
    "cut off": (200, completion(finish="length")),
    "refused": (200, completion(finish="content_filter")),
    "an unknown end": (200, completion(finish=BOTH)),
    "counts that are none": (200, completion(content="none", usage=BOTH)),
    "an error as an answer": (200, ERROR),
    "base64": (200, base64.b64encode(BOTH.encode())),
    **{f"status {status}": (status, ERROR) for status in (400, 401, 402, 403, 404, 422, 429, 500, 503)},
    "a page": (502, f"<html><title>{BOTH}</title><body>{BOTH}</body></html>".encode()),
    "a list": (400, b"[" + ERROR + b"]"),
}


def files_below(*folders: Path) -> bytes:
    return b"".join(file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("kind", BODIES)
def test_nothing_of_a_bad_reply_is_kept(
    loopback: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    monkeypatch.setattr("negosim.models._sending.PATIENCE", 0.0)
    monkeypatch.setenv("NEGOSIM_API_KEY", KEY)
    status, body = BODIES[kind]
    reply = loopback.ScriptedReply(status=status, raw=body, headers={"X-Canary": BOTH, "Location": BOTH})
    run, log = tmp_path / "run", tmp_path / "log.jsonl"
    with loopback.LoopbackServer(lambda _: reply) as server:
        model = f"openai:{kind.replace(' ', '-')}@{server.url}"
        how = ["-s", "viatex", "--planner", "direct", "--model", model, "--out", str(run), "--log", str(log)]
        with pytest.raises(SystemExit) as left:
            main(["generate", *how])
    assert left.value.code == 1
    printed = capsys.readouterr()
    assert KEY not in printed.out + printed.err
    for view in ("public", "2", "all"):
        with pytest.raises(SystemExit):
            main(["show", str(run), "1", "--view", view])
        shown = capsys.readouterr()
        assert KEY not in shown.out + shown.err
        assert CANARY not in shown.out + shown.err
    kept = files_below(tmp_path)
    assert KEY.encode() not in kept
    assert base64.b64encode(KEY.encode())[:-4] not in kept
    # What a model answered is kept in the cache, so that the same request has the same answer.
    without_answers = b"" if kind in ("prose", "a field nobody asked for", "values of a wrong kind") else kept
    assert CANARY.encode() not in without_answers
    assert CANARY.encode() not in files_below(run) + log.read_bytes()
