"""A third-party plugin package, really built, installed and used; the same files by path and search path."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from negosim.prompts import Prompts
from negosim.scenarios import check_scenario, list_scenarios, load_scenario
from negosim.taxonomies import load_taxonomy

EXAMPLE = Path(__file__).parent / "example_plugin"
PACKAGE = EXAMPLE / "src" / "harbour_negotiations"

pytestmark = pytest.mark.xdist_group("example_plugin")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like site-packages with the example plugin built and installed into it."""
    base = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, base / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(base / "site"), str(base / "source")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr
    return base / "site"


def run(site: Path, code: str) -> Any:
    """Run code in a fresh interpreter that has the plugin installed; return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_installed_package_brings_its_scenario_and_taxonomy(site: Path) -> None:
    found = run(
        site,
        """
import json
from negosim.scenarios import list_scenarios, load_scenario
from negosim.taxonomies import list_taxonomies, load_taxonomy
scenario = load_scenario("harbour-expansion")
print(json.dumps({
    "scenarios": {name: source.origin for name, source in list_scenarios().items()},
    "taxonomies": {name: source.origin for name, source in list_taxonomies().items()},
    "roles": [role.name for role in scenario.roles],
    "nash": scenario.space.deal(scenario.space.nash),
    "tactics": [tactic.name for tactic in load_taxonomy("mediation").tactics],
}))
""",
    )
    assert found["scenarios"]["harbour-expansion"] == "package harbour-negotiations"
    assert found["scenarios"]["viatex"] == "package negosim"
    assert found["taxonomies"]["mediation"] == "package harbour-negotiations"
    assert found["taxonomies"]["persuasion"] == "package negosim"
    assert found["roles"] == ["Ingrid Dahl", "Tore Hansen", "Maja Lind"]
    assert found["nash"] == {"pier-length": 300, "compensation": 2, "quiet-season": "spring"}
    assert found["tactics"] == ["Caucus", "Single text"]


def test_the_installed_package_overrides_one_template_for_its_scenario_alone(site: Path) -> None:
    found = run(
        site,
        """
import json
from negosim.prompts import PARTS, STAGES, Prompts
print(json.dumps({
    scenario: {name: str(Prompts(scenario).source(name + ".j2")) for name in (*PARTS, *STAGES)}
    for scenario in ("harbour-expansion", "viatex")
}))
""",
    )
    ours = {name for name, file in found["harbour-expansion"].items() if Path(file).is_relative_to(site)}
    assert ours == {"conclude"}
    assert not any(Path(file).is_relative_to(site) for file in found["viatex"].values())


def test_the_installed_template_renders(site: Path) -> None:
    code = """
import json
from negosim.prompts import Prompts
from negosim.views import PublicRole
values = {"state": "Nothing is agreed.", "me": PublicRole("trust", "Maja Lind", "director")}
print(json.dumps(Prompts("harbour-expansion").render("conclude", values)))
"""
    text = run(site, code)
    assert "Nothing is agreed." in text
    assert "Have you concluded the conversation, Maja Lind?" in text


def test_a_dialogue_of_three_roles_is_made_with_the_installed_package(site: Path) -> None:
    code = """
import json
from negosim import RunConfig, generate
run = generate(RunConfig(scenarios=["harbour-expansion"], tactics="mediation", k=2), out="run")
(dialogue,) = run
print(json.dumps({
    "status": dialogue.status,
    "speakers": sorted({turn.role for turn in dialogue.turns}),
    "tactics": sorted({rollout.tactic for turn in dialogue.turns for rollout in turn.rollouts}),
    "values": len(dialogue.outcome.values or ()),
}))
"""
    assert run(site, code) == {
        "status": "complete",
        "speakers": [0, 1, 2],
        "tactics": ["caucus", "single-text"],
        "values": 3,
    }


def test_its_questions_are_asked_about_a_dialogue_of_three_roles(site: Path) -> None:
    code = """
import json
from negosim import RunConfig, generate, judge
from negosim.models import ScriptedModel
run = generate(RunConfig(scenarios=["harbour-expansion"], max_turns=3), out="run")
def yes(request):
    return {name: {"reason": "so", "answer": True} for name in request.schema["properties"]}
judge(run, judges=["m"], chat_models={"m": ScriptedModel(yes)}, questions=["fairness"])
judge(run, judges=["oracle"], questions=["agreement", "deception", "tactic"])
frame = run.judgement_frame()
ours = frame[frame.questions == "fairness"]
print(json.dumps({
    "perspectives": ours.perspective.unique().tolist(),
    "agents": ours.agent.tolist(),
    "values": ours.value.unique().tolist(),
    "oracle": frame[frame.question == "deception-presence"].agent.tolist(),
}))
"""
    assert run(site, code) == {
        "perspectives": ["third_party", "agent_1", "agent_2", "agent_3"],
        "agents": [0, 1, 2] * 4,
        "values": [True],
        "oracle": [0, 1, 2],
    }


def test_its_agent_planner_and_provider_play_with_each_other(site: Path) -> None:
    code = """
import json
from negosim import RunConfig, generate
models = ["harbour-echo:one", "harbour-clerk", "harbour-echo:two"]
config = RunConfig(scenarios="harbour-expansion", models=models, planner="direct", max_turns=6)
weighed = RunConfig(
    scenarios="viatex", models="harbour-echo:three", planner="weigh-up", max_turns=4, votes="always"
)
runs = generate(config, out="one"), generate(weighed, out="two", cache=False)
print(json.dumps({
    "models": [list(dialogue.models) for run in runs for dialogue in run],
    "said": [turn.utterance.text for turn in next(iter(runs[0])).turns][:3],
    "thoughts": [turn.reflection for turn in next(iter(runs[1])).turns][:2],
    "stages": sorted({row.stage for row in next(iter(runs[1])).account}),
    "fingerprints": [sorted(run.header.fingerprint.plugins) for run in runs],
    "told": runs[0].header.fingerprint.plugins["agent harbour-clerk"],
}))
"""
    found = run(site, code)
    assert found["models"] == [
        ["harbour-echo:one", "harbour-clerk", "harbour-echo:two"],
        ["harbour-echo:three"] * 2,
    ]
    assert "Noted as item" in " ".join(found["said"])
    assert found["thoughts"] == ["three has thought 1 times", "three has thought 3 times"]
    assert found["stages"] == ["conclude", "speak", "weigh"]
    assert found["fingerprints"] == [
        ["agent harbour-clerk", "model provider harbour-echo"],
        ["model provider harbour-echo", "planner weigh-up"],
    ]
    assert found["told"].startswith("package harbour-negotiations 1.0, sha256:")


def test_its_judge_answers(site: Path) -> None:
    code = """
import json
from negosim import RunConfig, generate, judge
run = generate(RunConfig(scenarios="harbour-expansion", max_turns=3), out="run")
judge(run, judges=["harbour-rules"], questions=["fairness", "agreement"])
frame = run.judgement_frame()
print(json.dumps(frame[["question", "status"]].drop_duplicates().values.tolist()))
"""
    found = run(site, code)
    assert ["heard", "ok"] in found
    assert ["agreement", "ok"] in found


def test_plugins_are_listed_with_who_brought_them(site: Path) -> None:
    code = """
import json
from typer.testing import CliRunner
from negosim.cli.app import app
done = CliRunner().invoke(app, ["plugins", "--json"])
print(json.dumps({"code": done.exit_code, "rows": [json.loads(line) for line in done.stdout.splitlines()]}))
"""
    found = run(site, code)
    assert found["code"] == 0
    rows = {(row["kind"], row["name"]): row["origin"] for row in found["rows"]}
    assert rows["agents", "harbour-clerk"] == "package harbour-negotiations 1.0"
    assert rows["agents", "sim"].startswith("package negosim ")
    assert (
        rows["planners", "weigh-up"] == rows["judges", "harbour-rules"] == rows["providers", "harbour-echo"]
    )
    assert any(row["kind"] == "scenarios" and "harbour" in row["origin"] for row in found["rows"])


def test_without_the_package_its_scenario_is_unknown() -> None:
    assert "harbour-expansion" not in list_scenarios()


def test_the_same_files_are_found_by_path() -> None:
    scenario = load_scenario(str(PACKAGE / "scenarios" / "harbour-expansion.yaml"))
    assert load_scenario(str(PACKAGE / "scenarios")) == scenario
    assert load_taxonomy(str(PACKAGE / "taxonomies" / "mediation.jsonl")).get("caucus").family == "process"
    conclude = Prompts("harbour-expansion", str(PACKAGE / "prompts"), own=("weigh",)).source("conclude.j2")
    assert conclude == PACKAGE / "prompts" / "harbour-expansion" / "conclude.j2"


def test_the_same_files_are_found_on_the_search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEGOSIM_PATH", str(PACKAGE))
    assert list_scenarios()["harbour-expansion"].origin == f"NEGOSIM_PATH {PACKAGE}"
    assert len(load_scenario("harbour-expansion").roles) == 3
    assert load_taxonomy("mediation").id == "mediation"
    assert Prompts("harbour-expansion").source("conclude.j2") == (
        PACKAGE / "prompts" / "harbour-expansion" / "conclude.j2"
    )


def test_three_roles_have_a_space_of_deals_of_three_values() -> None:
    space = load_scenario(str(PACKAGE / "scenarios")).space
    assert space.values.shape == (105, 3)
    assert space.nash is not None
    assert space.rational[space.nash]
    assert space.pareto[space.nash]


def test_a_third_role_is_checked_like_the_others() -> None:
    data = load_scenario(str(PACKAGE / "scenarios")).model_dump(mode="json", exclude_none=True)
    assert check_scenario(data)[1] == []
    data["roles"][2]["payoff"]["target"] = 500
    assert [str(problem) for problem in check_scenario(data)[1]] == [
        "roles.3.payoff.target: no deal reaches 500: the best one gives 100; "
        "lower the target or raise the points"
    ]
