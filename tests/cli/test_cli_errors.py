"""Errors a user can mend: one clear message, exit code 2, nothing left behind."""

import re
from pathlib import Path
from typing import Any

import pytest

PORT_NOBODY_LISTENS_AT = 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("generate -s viatx", "no scenario 'viatx'; did you mean viatex?"),
        ("generate -s nowhere.yaml", "nowhere.yaml'; give the path of a .yaml or .yml file"),
        ("generate -s broken.yaml", r"broken.yaml: 1 problem\n  line 3: not valid YAML"),
        ("generate -s viatex --k 99", "K is 99, but taxonomy 'persuasion' has"),
        ("generate -s viatex --out file/run", "'file/run' cannot be written: Not a directory"),
        ("generate -s viatex --out file", "'file' cannot be written"),
        ("generate -s viatex --out full", "run folder 'full' is not empty"),
        ("generate -s viatex --model openai:gpt-4o-mini", "needs a key: set OPENAI_API_KEY"),
        (
            f"generate -s viatex --model openai:x@http://127.0.0.1:{PORT_NOBODY_LISTENS_AT}/v1",
            "no model server at http://127.0.0.1:9/v1: cannot connect",
        ),
        ("generate -s viatex --model gguf:no.gguf", "no.gguf"),
        ("generate -s viatex --model gpt-4o", "did you mean openai:gpt-4o?"),
        ("generate -s viatex --judge-model chatty", "unknown model 'chatty'"),
        ("generate -s viatex --scenaro x", "No such option: --scenaro.*--scenario"),
        ("generate -s viatex extra", "unexpected extra argument"),
        ("generate", "Invalid value for --scenario: give at least one, or a run to --resume"),
        ("generate --resume nowhere", "no run at 'nowhere'"),
        ("generate -s viatex -n 0", "Invalid value for '--dialogues'"),
        ("generate -s viatex --planner deep", "no planner 'deep'; known are audience, cot, direct"),
        ("generate -s viatex --deceptive maybe", "--deceptive: 'maybe' is not one of 1, 2, both, all, none"),
        ("generate -s viatex --deceptive 5", "there is no agent 5 to be deceptive"),
        ("generate -s viatex --both-conditions --deceptive none", "somebody has to deceive"),
        ("generate -s viatex --opener nobody", "opener 'nobody' is no role of 'viatex'"),
        ("generate -s viatex --tactics persuasio", "did you mean persuasion"),
        ("generate -s viatex --prompts nowhere", "nowhere'; give a folder of .j2 templates"),
        ("generate -s viatex --swap-roles", "swapping roles needs two different models"),
        ("generat", "No such command 'generat'. Did you mean 'generate'"),
        ("show nowhere", "no run at 'nowhere'"),
        ("show nowhere --html --md", "Invalid value for --html and --md: choose one of these"),
        ("view full --view zz --no-open", "view 'zz' is unknown; there are public, all"),
        ("rl simulate donation -n 4 --run kept --out full", "'full' is not an empty folder"),
        ("rl simulate donation -n 4 --run new/run --out new", "the run folder 'new/run' lies in 'new'"),
        ("scenarios show viatx", "did you mean viatex?"),
        ("taxonomies show persuasio", "did you mean persuasion"),
        ("prompts list -s viatx", "did you mean viatex?"),
        ("prompts show -s viatex --role 3 --stage reflect", "'3' is no role; known are corvane, viatex"),
        ("prompts show -s viatex --role 1 --stage reflec", "'reflec' is no stage; did you mean reflect?"),
        ("models get smollm", "did you mean smollm2?"),
        ("models check sim", "'sim' is an agent of its own, no chat model"),
    ],
)
def test_one_message_and_nothing_left_behind(arguments: str, message: str, cli: Any) -> None:
    Path("file").write_text("", encoding="utf-8")
    Path("full").mkdir()
    Path("full/something").touch()
    Path("broken.yaml").write_text("id: broken\ntitle: [", encoding="utf-8")
    before = sorted(Path().rglob("*"))
    done = cli(*arguments.split())
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("Error: ") == 1
    assert re.search(f"Error: .*{message.replace('?', chr(92) + '?')}", done.err, re.DOTALL)
    assert "Traceback" not in done.err
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("planner", ["rollout", "direct"])
def test_tactics_that_no_honest_role_may_use_are_refused(cli: Any, planner: str) -> None:
    tactic = '{"id": "lie", "name": "Lie", "family": "f", "definition": "Say it.", "example": "So."'
    Path("lies.jsonl").write_text(tactic + ', "deceptive": true}\n')
    done = cli("generate", "-s", "viatex", "--tactics", "lies.jsonl", "--planner", planner)
    message = "Error: taxonomy 'lies' has no tactics that are not deceptive; name another with --tactics\n"
    assert (done.code, done.err.splitlines(keepends=True)[-1]) == (2, message)
    assert [file.name for file in Path().iterdir()] == ["lies.jsonl"]


def test_a_wrong_search_path_is_an_error(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEGOSIM_PATH", "nowhere")
    done = cli("scenarios", "list")
    assert done.code == 2
    assert "NEGOSIM_PATH: no folder 'nowhere'" in done.err


def test_no_command_shows_the_help(cli: Any) -> None:
    done = cli()
    assert done.code == 2
    assert "negosim generate --scenario viatex --deceptive" in done.out + done.err


def test_a_provider_that_fails_later_is_not_the_users_fault(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from negosim.errors import ModelError

    def fail(*_: object, **__: object) -> None:
        raise ModelError("the server \x1b[31mburns")

    monkeypatch.setattr("negosim.engine.generate", fail)
    done = cli("generate", "-s", "viatex")
    assert (done.code, done.err) == (1, "Error: the server ⟨U+001B⟩[31mburns\n")


def test_a_defect_of_ours_is_not_hidden(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from negosim.cli import main

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("negosim.engine.generate", fail)
    with pytest.raises(ZeroDivisionError):
        main(["generate", "-s", "viatex"])
