"""The user's key and the servers that only a run folder names."""

from pathlib import Path

import orjson
import pytest

from negosim import Run, RunConfig, generate, judge, resume
from negosim.errors import ModelError, UserError
from negosim.judging import BELIEFS
from negosim.models import ModelSpec, ScriptedModel, confirm_servers, recorded, servers_to_confirm

URL = "http://models.example/v1"
MODEL = f"openai:m@{URL}"


@pytest.fixture
def foreign(tmp_path: Path) -> Run:
    """A run that is to be gone on with, at a server that its header names."""

    def fail(request: object) -> None:
        raise ModelError("gone")

    config = RunConfig(scenarios="viatex", models=[MODEL, "sim"], planner="direct", max_turns=4)
    run = generate(config, out=tmp_path / "run", chat_models={MODEL: ScriptedModel(fail)}, cache=False)
    header = orjson.loads((run.path / "run.json").read_bytes())
    header["fingerprint"]["models"][MODEL] = recorded(ModelSpec.parse(MODEL))
    header.pop("crc32")
    (run.path / "run.json").write_bytes(orjson.dumps(header))
    return Run.open(run.path)


def test_a_run_folder_gets_no_key_for_its_server_unasked(
    foreign: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEGOSIM_API_KEY", "sk-a-key-of-the-user")
    for opened in (
        lambda: resume(foreign.path),
        lambda: resume(foreign.path, send_key_to=["http://other.example/v1"]),
        lambda: judge(foreign, judges=["oracle"], questions=[BELIEFS]),
    ):
        with pytest.raises(UserError, match=f"--send-key-to {URL}") as told:
            opened()
        assert "sk-a" not in str(told.value)
    with pytest.raises(UserError, match="no model server at"):  # now it is asked
        resume(foreign.path, send_key_to=[f"{URL}/"])


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://localhost.evil.example/v1", False),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://127.1.evil/v1", False),
        ("http://10.0.0.1/v1", False),
        ("https://mine.example/v1", True),
        ("https://chosen.example/v1", True),
    ],
)
def test_which_servers_are_the_users_own(url: str, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://mine.example/v1/")
    monkeypatch.setenv("NEGOSIM_MODEL", "openai:x@https://chosen.example/v1")
    specs = [ModelSpec.parse(f"openai:m@{url}"), ModelSpec.parse("sim"), ModelSpec.parse("openai:gpt-5")]
    confirm_servers(specs, [])  # without a key nobody is asked
    monkeypatch.setenv("NEGOSIM_API_KEY", "sk-a-key-of-the-user")
    assert servers_to_confirm(specs) == ([] if own else [url])


@pytest.mark.parametrize("server", [URL, "https://api.openai.com/v1", "http://127.0.0.1:8000/v1"])
def test_a_header_takes_no_variable_to_a_recorded_server_unasked(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = [ModelSpec.parse(f"openai:m@{server}?header.X-Team=$SOMETHING_SECRET")]
    confirm_servers(specs, [])  # there is no such variable
    monkeypatch.setenv("SOMETHING_SECRET", "s3cr3t-value")
    if "127.0.0.1" in server:
        confirm_servers(specs, [])
        return
    with pytest.raises(UserError, match=rf"{server}, which would get your key in SOMETHING_SECRET") as told:
        confirm_servers(specs, [])
    assert "s3cr3t" not in str(told.value)
    confirm_servers(specs, [server])
