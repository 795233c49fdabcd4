"""Judges at servers as they are: one bad reply costs one more request, and no answer but its own."""

from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import tenacity

from negosim import Run, RunConfig, generate
from negosim.judging import judge

pytestmark = pytest.mark.usefixtures("_no_pauses")
Replies = Callable[[int, dict[str, Any], bytes], Any]


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_none())
    monkeypatch.setattr("negosim.models._limiter.FIRST_PAUSE", 0.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = RunConfig(scenarios=("viatex",), dialogues=2, max_turns=2)
    return generate(config, out=tmp_path_factory.mktemp("judged") / "run")


def verdict(body: dict[str, Any]) -> bytes:
    """Answer every question of a form."""
    fields = body["response_format"]["json_schema"]["schema"]["properties"]
    return orjson.dumps({name: {"reason": "so", "quotes": [], "answer": 4} for name in fields})


def completion(text: bytes) -> bytes:
    message = {"role": "assistant", "content": text.decode()}
    return orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


def judged(run: Run, loopback: ModuleType, reply: Replies, folder: Path) -> tuple[Counter[str], int]:
    """Return how many answers ended how, and how many requests it took."""
    numbers = count(1)
    copy = folder / "run"
    copy.mkdir()
    for file in run.path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())

    def behave(body: dict[str, Any]) -> Any:
        done = reply(next(numbers), body, completion(verdict(body)))
        status, raw = done if isinstance(done, tuple) else (200, done)
        return loopback.ScriptedReply(raw=raw if isinstance(raw, bytes) else orjson.dumps(raw), status=status)

    with loopback.LoopbackServer(behave) as server:
        model = f"openai:m{folder.name}@{server.url}?mode=json_schema"
        found = judge(Run.open(copy), judges=[model], questions=["quality"], cache=False)
        answers = [one.status for sheet in found.judgements() for one in sheet.judgements]
        return Counter(answers), len(server.bodies)


def choice(content: Any, finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, "finish_reason": finish, **more}]}


BAD = [
    choice(None),
    choice(42),
    choice([{"type": "text", "text": 7}]),
    choice("I would say four.", None),
    choice("{}", "who knows"),
    choice("{}", error={"message": "upstream gone", "code": 502}),
    {"choices": [{"text": "{}"}]},
    {"error": {"message": "try later"}},
    [],
    b"",
    b"<html>wait</html>",
    b"data: {}\n\n",
    b"[" * 100_000,
    b'{"choices": [], "choices": []}',
    (500, b"oops"),
    (502, b""),
    (529, {"type": "error", "error": {"message": "Overloaded"}}),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_one_bad_reply_costs_one_more_request(
    number: int, run: Run, loopback: ModuleType, tmp_path: Path
) -> None:
    found = judged(run, loopback, lambda at, body, good: BAD[number] if at == 2 else good, tmp_path)
    assert found == ({"ok": 2 * 13}, 3)


@pytest.mark.parametrize("bad", [*BAD[:16:4], (400, {"error": "no"}), (413, b"too large")])
def test_a_dialogue_that_a_server_cannot_bear_costs_no_other(
    bad: Any, run: Run, loopback: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list(run)[1].turns[0].utterance.text

    def reply(at: int, body: dict[str, Any], good: bytes) -> Any:
        return bad if said in "".join(message["content"] for message in body["messages"]) else good

    monkeypatch.setattr("negosim.models._sending.PATIENCE", 0.3)
    found, _ = judged(run, loopback, reply, tmp_path)
    assert found["ok"] == 13
    assert sum(found.values()) == 2 * 13
