"""LangGraph's own tracing, switched on by its standard environment variables."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from negosim.engine._tracing import tell_of_tracing

LIMITS = {
    "size_limit": 100,
    "size_limit_bytes": 20_000_000,
    "scale_up_nthreads_limit": 1,
    "scale_up_qsize_trigger": 1000,
    "scale_down_nempty_trigger": 4,
    "use_multipart_endpoint": False,
}


def spans(*arguments: str) -> list[str]:
    """Run a command with tracing switched on; return the names of the spans it sent."""
    batches: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer(json.dumps({"batch_ingest_config": LIMITS}).encode())

        def do_POST(self) -> None:
            batches.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(b"{}")

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tracing = {
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_API_KEY": "no-key",
            "LANGSMITH_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        }
        subprocess.run(
            [sys.executable, "-m", "negosim", *arguments],
            env={**os.environ, **tracing},
            check=True,
            capture_output=True,
            timeout=600,
        )
        server.shutdown()
    return [run["name"] for batch in batches for run in json.loads(batch)["post"]]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LANGSMITH_TRACING": "true"}, "LANGSMITH_TRACING is set: .* sent to api.smith.langchain.com"),
        ({"LANGCHAIN_TRACING_V2": "true", "LANGCHAIN_ENDPOINT": "http://a:pw@own.example/x"}, "own.example;"),
        (
            {
                "LANGSMITH_TRACING": "true",
                "LANGSMITH_OTEL_ENABLED": "true",
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
            },
            "sent to collector;",
        ),
        ({"LANGSMITH_TRACING": "false"}, None),
        ({"LANGSMITH_TRACING_V2": "false", "LANGCHAIN_TRACING": "true"}, None),
        ({}, None),
    ],
)
def test_a_run_says_once_that_private_briefs_leave_the_machine(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    environment: dict[str, str],
    said: str | None,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    tell_of_tracing()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == (said is not None)
    assert said is None or re.search(said, warnings[0])
    assert "pw" not in "".join(warnings)


def test_a_span_for_the_dialogue_and_each_stage(tmp_path: Path) -> None:
    names = spans(
        "generate", "-s", "viatex", "--max-turns", "2", "--votes", "always", "--out", str(tmp_path / "run")
    )
    assert names.count("dialogue") == 1
    stages = ("reflect", "tactics", "rollout", "judge", "speak", "consolidate")
    assert {names.count(stage) for stage in stages} == {2}
    assert names.count("vote") == 1


def test_a_span_for_the_dialogue_and_each_stage_with_a_model(tmp_path: Path, loopback: ModuleType) -> None:
    how = ["generate", "-s", "viatex", "--planner", "direct", "--max-turns", "2", "--votes", "always"]
    with loopback.LoopbackServer(loopback.talk) as server:
        names = spans(*how, "--model", f"openai:traced@{server.url}", "--out", str(tmp_path / "run"))
    assert names.count("dialogue") == 1
    assert names.count("speak") == 2
    assert names.count("vote") == 1
