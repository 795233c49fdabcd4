"""Settings of models as options: part of the models' names, refused where no model has them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from negosim.cli.app import app
from negosim.cli.options import with_settings
from negosim.errors import UserError
from negosim.models import ModelSpec

NONE = {"temperature": None, "max_tokens": None, "model_seed": None, "timeout": None}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_every_language_model_gets_them_and_agents_none() -> None:
    named = with_settings(
        ["openai:a?seed=3", "sim", "openai:b"], **{**NONE, "temperature": 0.2, "timeout": 9}
    )
    assert named == ["openai:a?temperature=0.2&seed=3&timeout=9", "sim", "openai:b?temperature=0.2&timeout=9"]


def test_without_any_names_stay_as_they_are() -> None:
    assert with_settings(["openai:a?max_tokens=9", "sim"], **NONE) == ["openai:a?max_tokens=9", "sim"]


def test_given_twice_is_refused() -> None:
    with pytest.raises(UserError, match="max_tokens is given twice"):
        with_settings(["openai:a?max_tokens=9"], **{**NONE, "max_tokens": 9})


def test_fields_and_headers_go_to_models_of_openai() -> None:
    named = with_settings(
        ["openai:a", "gguf:m.gguf", "sim"],
        **NONE,
        model_body=["top_p=0.9", 'kwargs={"think":false}', "user=me"],
        model_header=["X-Team=a=b", "X-Key=$MY_KEY"],
    )
    given = 'body.top_p=0.9&body.kwargs={"think":false}&body.user="me"&header.X-Team=a=b&header.X-Key=$MY_KEY'
    assert named == [f"openai:a?{given}", "gguf:m.gguf", "sim"]
    assert ModelSpec.parse(named[0]).extra == ModelSpec.parse(str(ModelSpec.parse(named[0]))).extra


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "openai:a", "--model-header", "X-Api-Key=sesame"], "put it into a variable"),
        (["--model", "openai:a", "--model-header", "sesame"], "write NAME=VALUE"),
        (["--model", "openai:a", "--model-body", "model=x"], "negosim makes it"),
        (["--model", "openai:a", *["--model-body", "top_p=1"] * 2], "top_p is given twice"),
        (["--model", "openai:a?body.top_p=1", "--model-body", "top_p=1"], "body.top_p is given twice"),
        (["--model", "gguf:a.gguf", "--model-body", "top_p=1"], "models of openai:, and none is named"),
    ],
)
def test_a_field_or_header_that_cannot_be_sent_is_told(options: list[str], says: str) -> None:
    done = invoke("generate", "--scenario", "viatex", "--dry-run", *options)
    assert done.exit_code == 2 or isinstance(done.exception, UserError)
    told = f"{done.output} {done.exception}"
    assert says in " ".join(told.replace("│", " ").split())
    assert "sesame" not in told


@pytest.mark.parametrize(
    "command", [["generate", "--scenario", "viatex"], ["judge", "run", "--judges", "oracle"]]
)
def test_they_are_for_language_models(command: list[str], tmp_path: Path) -> None:
    assert invoke("generate", "--scenario", "viatex", "--out", "run").exit_code == 0
    done = invoke(*command, "--temperature", "0.2")
    assert done.exit_code == 2
    assert "is for language models, and none is named" in done.output


def test_they_reach_the_judge_of_rollouts_too() -> None:
    done = invoke(
        *["generate", "--scenario", "viatex", "--agent1-model", "openai:a@http://127.0.0.1:9/v1"],
        *["--judge-model", "openai:b@http://127.0.0.1:9/v1", "--max-tokens", "77", "--dry-run", "--json"],
    )
    assert done.exit_code == 0, done.output
    assert {stage["model"] for stage in json.loads(done.stdout)["stages"]} == {
        "openai:a@http://127.0.0.1:9/v1",
        "openai:b@http://127.0.0.1:9/v1",
    }
