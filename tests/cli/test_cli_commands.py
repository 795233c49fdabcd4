import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from negosim import RunConfig, generate
from negosim.records import Dialogue
from negosim.scenarios import list_scenarios, load_scenario
from negosim.store import Run
from negosim.taxonomies import list_taxonomies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(cli: Any) -> str:
    """A run of two deceptive dialogues, in the folder `runs/lies`."""
    done = cli("generate", "-s", "viatex", "-n", 2, "--deceptive", "--seed", 7, "--out", "runs/lies")
    assert done.code == 0
    return "runs/lies"


def test_version(cli: Any) -> None:
    assert re.fullmatch(r"negosim \d+\.\d+\.\d+\S*\n", cli("--version").out)


def test_the_module_is_the_same_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["negosim", "--version"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("negosim", run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("negosim ")


def test_show_lists_a_run_and_shows_one_dialogue(cli: Any, run: str) -> None:
    listed = cli("show", run).out.splitlines()
    assert listed[0] == "runs/lies: 2 dialogues stored"
    assert re.match(r" *1 +viatex\.deceptive-2\.0000 +(no )?agreement +\d+$", listed[2])
    shown = cli("show", run, "2")
    assert shown.code == 0
    second = list(Run.open(run))[1]
    assert all(" ".join(turn.utterance.text.split()) in shown.out for turn in second.turns)
    assert cli("show", run, second.id).out == shown.out
    assert cli("show", "lies", "2").out == shown.out


def test_views_of_a_stored_dialogue(cli: Any, run: str) -> None:
    views = {
        view: cli("show", run, "1", "--view", view).out for view in ("public", "1", "corvane", "2", "all")
    }
    assert views["2"] == views["corvane"]
    assert "thinks:" not in views["public"]
    assert "Nadia Ferrante thinks:" in views["1"]
    assert "Owen Adeyemi thinks:" not in views["1"]
    assert "DECEPTIVE" not in views["1"]
    assert "DECEPTIVE" in views["2"]
    assert "FALSE: " in views["all"]
    assert not [view for view in ("public", "1", "2") if "FALSE: " in views[view]]
    assert "thinks:" not in cli("show", run, "1", "--view", "all", "--no-thoughts").out
    wrong = cli("show", run, "1", "--view", "7")
    assert (wrong.code, "view '7' is unknown" in wrong.err) == (2, True)


def test_show_json_is_what_is_stored(cli: Any, run: str) -> None:
    stored = list(Run.open(run))
    assert [
        Dialogue.model_validate_json(line) for line in cli("show", run, "--json").out.splitlines()
    ] == stored
    assert Dialogue.model_validate_json(cli("show", run, "2", "--json").out) == stored[1]


def test_a_dialogue_that_is_not_there(cli: Any, run: str) -> None:
    done = cli("show", run, "9")
    assert done.code == 2
    assert "no dialogue '9' in runs/lies" in done.err


def test_runs(cli: Any, run: str) -> None:
    assert "make one with: negosim generate" in cli("runs", "elsewhere").out
    heading, row = cli("runs").out.splitlines()
    assert heading.split() == ["run", "stored", "scenarios", "models"]
    assert row.split()[0] == run
    assert row.endswith("2 of 2  viatex     sim")
    data = json.loads(cli("runs", "--json").out)
    assert (data["path"], data["stored"], data["planned"]) == (run, 2, 2)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-40], lambda raw: raw.replace(b"viatex", b"viatey")])
def test_runs_names_what_cannot_be_read(cli: Any, run: str, damage: Any) -> None:
    other = Path("runs/other")
    shutil.copytree(run, other)
    (other / "run.json").write_bytes(damage((other / "run.json").read_bytes()))
    done = cli("runs")
    assert len(done.out.splitlines()) == 2
    assert done.err.startswith("passed over: runs/other/run.json: ")


def test_scenarios_list(cli: Any) -> None:
    lines = cli("scenarios", "list").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(list_scenarios())
    data = [json.loads(line) for line in cli("scenarios", "list", "--json").out.splitlines()]
    assert {entry["id"]: entry["title"] for entry in data}["viatex"] == "Viatex"


def test_a_wrong_plugin_does_not_spoil_the_list(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, name in (("scenarios", "bad.yaml"), ("taxonomies", "bad.jsonl")):
        (tmp_path / "mine" / kind).mkdir(parents=True)
        (tmp_path / "mine" / kind / name).write_text("{}", encoding="utf-8")
    monkeypatch.setenv("NEGOSIM_PATH", str(tmp_path / "mine"))
    for kind, known in (("scenarios", "viatex"), ("taxonomies", "persuasion")):
        done = cli(kind, "list")
        assert done.code == 0
        assert re.search(
            rf"^bad .*WRONG: \d+ problems?; see: negosim {kind} validate bad", done.out, re.MULTILINE
        )
        assert known in done.out
        assert "problem" in json.loads(cli(kind, "list", "--json").out.splitlines()[0])


def test_scenarios_show(cli: Any) -> None:
    shown = cli("scenarios", "show", "viatex").out
    for part in (
        "CONFIDENTIAL",
        "individually rational",
        "Pareto-efficient",
        "Nash point",
        "best joint value",
        "1,260",
    ):
        assert part in shown
    assert not [line for line in shown.splitlines() if line != line.rstrip()]
    data = json.loads(cli("scenarios", "show", "viatex", "--json").out)
    assert data["numbers"]["deals"] == len(load_scenario("viatex").space)
    assert data["scenario"]["id"] == "viatex"


@pytest.mark.parametrize(
    ("kind", "good", "bad"), [("scenarios", "viatex", "bad.yaml"), ("taxonomies", "deception", "bad.jsonl")]
)
def test_validate_checks_everything_it_is_given(kind: str, good: str, bad: str, cli: Any) -> None:
    Path(bad).write_text('{"id": 7, "colour": "red"}', encoding="utf-8")
    done = cli(kind, "validate", bad, good, "nowhere.json.yaml.jsonl")
    assert done.code == 2
    assert re.match(rf"{good}: ok: \d+ \w+, ", done.out)
    assert re.search(rf"^{bad}: \d+ problems\n  line 1: ", done.err, re.MULTILINE)
    assert "colour: unknown field" in done.err
    assert "nowhere" in done.err
    assert cli(kind, "validate", good).code == 0


def test_taxonomies(cli: Any) -> None:
    assert [line.split()[0] for line in cli("taxonomies", "list").out.splitlines()[1:]] == list(
        list_taxonomies()
    )
    assert "persuasion: 34 tactics, " in cli("taxonomies", "show", "persuasion").out
    assert len(json.loads(cli("taxonomies", "show", "persuasion", "--json").out)["tactics"]) == 34


def test_prompts(cli: Any) -> None:
    listed = cli("prompts", "list").out
    assert re.search(r"^reflect +stage +\S+reflect\.j2$", listed, re.MULTILINE)
    shown = cli("prompts", "show", "--scenario", "viatex", "--role", "1", "--stage", "reflect").out
    system, user = json.loads(
        cli("prompts", "show", "--scenario", "viatex", "--role", "viatex", "--stage", "reflect", "--json").out
    )
    parts = re.split(r"^======== (\w+) message ========\n", shown, flags=re.MULTILINE)
    assert parts == ["", "system", f"{system['content']}\n", "user", f"{user['content']}\n"]
    honest = cli("prompts", "show", "-s", "viatex", "--role", "2", "--stage", "reflect").out
    lying = cli(
        "prompts", "show", "-s", "viatex", "--role", "2", "--stage", "reflect", "--deceptive", "2"
    ).out
    assert honest != lying


def test_prompts_of_ones_own(cli: Any) -> None:
    Path("mine").mkdir()
    Path("mine/reflect.j2").write_text("Think about {{ role.name }}.", encoding="utf-8")
    assert re.search(
        r"^reflect .*mine/reflect\.j2$", cli("prompts", "list", "--prompts", "mine").out, re.MULTILINE
    )
    shown = cli(
        "prompts", "show", "-s", "viatex", "--role", "1", "--stage", "reflect", "--prompts", "mine"
    ).out
    assert shown.endswith("Think about Nadia Ferrante.\n")


def test_prompts_outside_of_negotiations_are_templates_too(cli: Any) -> None:
    Path("mine/hindsight").mkdir(parents=True)
    Path("mine/hindsight/score.j2").write_text("Say what it was worth.", encoding="utf-8")
    listed = cli("prompts", "list", "--prompts", "mine").out
    assert re.search(r"^hindsight/score +for hindsight +\S*mine/hindsight/score\.j2$", listed, re.MULTILINE)
    assert re.search(r"^user-donor +brief of a user +\S+/user-donor\.j2$", listed, re.MULTILINE)


def test_templates_of_packs_that_nothing_uses_are_named(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("reflekt.j2", "hindsight/speak.j2", "viatex/deep/speak.j2", "viatex/speak.j2", "_own.j2"):
        file = Path("pack/prompts", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x", encoding="utf-8")
    monkeypatch.setenv("NEGOSIM_PATH", "pack")
    named = [line.partition(": not used")[0] for line in cli("prompts", "list").err.splitlines()]
    expected = ("hindsight/speak.j2", "reflekt.j2", "viatex/deep/speak.j2")
    assert named == [str(Path("pack/prompts", name)) for name in expected]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("viatx/speak.j2", "no scenario is called 'viatx'; did you mean viatex?"),
        ("viatex/deep/speak.j2", "lies too deep to be found"),
        ("hindsight/scroe.j2", "no stage is named so; did you mean score.j2"),
        ("scroe.j2", "no stage is named so"),
    ],
)
def test_templates_of_ones_own_that_nothing_uses_are_refused(cli: Any, file: str, said: str) -> None:
    path = Path("mine", file)
    path.parent.mkdir(parents=True)
    path.write_text("x", encoding="utf-8")
    refused = cli("generate", "-s", "viatex", "--prompts", "mine")
    assert refused.code == 2
    assert said in refused.err


def test_templates_that_no_model_reads_are_said_to_be_unused(
    cli: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Path("mine").mkdir()
    Path("mine/speak.j2").write_text("x", encoding="utf-8")
    cli("generate", "-s", "viatex", "--prompts", "mine", "--max-turns", "2", "--out", "run")
    cli("judge", "run", "--judge-model", "oracle", "--prompts", "mine")
    assert [message.partition(": ")[2] for message in caplog.messages if "not used" in message] == [
        "none of these agents is a chat model",
        "none of these judges is a chat model",
    ]


def test_agents_that_templates_do_not_reach_are_named(
    loopback: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Path("mine").mkdir()
    Path("mine/reflect.j2").write_text("Think.", encoding="utf-8")
    with loopback.LoopbackServer() as server:
        models = (f"openai:small@{server.url}", "sim")
        settings = RunConfig(scenarios="viatex", models=models, prompts="mine", planner="direct", max_turns=2)
        generate(settings, out="run", cache=False)
    assert [message.partition("mine ")[2] for message in caplog.messages if "not used" in message] == [
        "are not used for agent 2 (sim): no chat model"
    ]


def test_graph_and_schema(cli: Any, run: str) -> None:
    assert "graph TD;" in cli("graph").out
    assert "rollout" not in cli("graph", "--planner", "reflect").out
    schema = json.loads(cli("schema").out)
    (line, *_) = (Path(run) / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    assert schema["title"] == "Dialogue"
    dialogue = json.loads(line)
    # Left out where nothing is measured or imported, roles speak in turn, and nobody has traits.
    left_out = {"measurements", "order", "facts", "own_scenario", "traits"}
    assert set(schema["properties"]) == {*dialogue, *left_out}
    # Left out where nothing is said aside, nobody gives the floor, and nothing is to be remarked.
    assert set(schema["$defs"]["Turn"]["properties"]) == {*dialogue["turns"][0], "asides", "floor", "marks"}


def test_models_list(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("models", "list").out.endswith("configured with NEGOSIM_MODEL, or else sim: sim\n")
    monkeypatch.setenv("NEGOSIM_MODEL", "openai:x@http://h:1/v1")
    assert cli("models", "list").out.endswith("sim: openai:x@http://h:1/v1\n")


def test_models_get(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(name: str, progress: Any) -> Path:
        progress(f"getting {name}")
        return Path("x")

    monkeypatch.setattr("negosim.cli.models.fetch", fetch)
    done = cli("models", "get", "smollm2")
    assert done.err == "getting smollm2\n"
    assert done.out == "ready: negosim generate --scenario viatex --model local:smollm2\n"


def test_models_check(cli: Any, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(cached=512)) as server:
        done = cli("models", "check", f"openai:m@{server.url}")
        report = json.loads(cli("models", "check", f"openai:m@{server.url}", "--json").out)
    assert done.code == 0
    assert re.search(r"^structured output  json_schema$", done.out, re.MULTILINE)
    assert re.search(r"^prefix cache       yes \(512 tokens\)$", done.out, re.MULTILINE)
    assert report["answered"] is True
    with loopback.LoopbackServer(lambda body: "I would rather not.") as server:
        done = cli("models", "check", f"openai:m@{server.url}")
    assert done.code == 1
    assert "usable answer      no: " in done.out


def test_the_reference_in_the_documentation_is_that_of_the_program() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_cli_reference.py"))["page"]()
    assert made == (ROOT / "docs" / "cli.md").read_text(encoding="utf-8"), (
        "run: python docs/make_cli_reference.py"
    )


def test_output_survives_a_terminal_that_knows_only_ascii() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "negosim", "prompts", "list"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0


def test_a_run_without_a_person_is_not_played_on(cli: Any, run: str) -> None:
    done = cli("play", "--resume", run)
    assert done.code == 2
    assert f"no person plays in {run}; go on with: negosim generate --resume" in done.err
