import csv
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from negosim.cli.app import app
from negosim.errors import UserError


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["rl", "evaluate", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_terminal_csv_and_pdf_have_the_same_numbers(tmp_path: Path) -> None:
    said = run(
        *("habit:0", "habit:1", "--task", "donation", "-n", "16", "--users", "caring,skeptical"),
        *("--csv", str(tmp_path / "e.csv"), "--out", str(tmp_path / "e.pdf")),
    )
    rows = list(csv.DictReader((tmp_path / "e.csv").read_text().splitlines()))
    assert [(row["agent"], row["users"]) for row in rows] == [
        (agent, users) for agent in ("habit:0", "habit:1") for users in ("all", "caring", "skeptical")
    ]
    plan = rows[3]
    shown = f"{float(plan['reward']):.2f} ± {float(plan['reward_sd']):.2f}"
    pages = "".join(page.extract_text() for page in PdfReader(tmp_path / "e.pdf").pages)
    assert shown in said
    assert shown in pages
    assert f"{float(plan['difference']):+.2f} [" in said
    assert f"{float(plan['difference']):+.2f} [" in pages
    assert plan["pairs"] == plan["n"] == "16"
    assert sum(float(plan[name]) for name in plan if name.startswith("tactic ")) == pytest.approx(1)
    assert float(plan["reward"]) == pytest.approx(sum(float(row["reward"]) for row in rows[4:]) / 2)


def test_the_csv_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("habit:0.5", "--task", "support", "-n", "10", "--csv", str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_chat_model_is_asked_through_the_door_and_not_again_for_what_it_said(
    loopback: ModuleType, tmp_path: Path
) -> None:
    with loopback.LoopbackServer(lambda _: {"utterance": "Would you like to donate?"}) as server:
        agent = f"openai:any@{server.url}"
        words = (agent, "--task", "donation", "-n", "2", "--users", "unfriendly", "--csv")
        first = run(*words, str(tmp_path / "first.csv"))
        asked = len(server.bodies)
    again = run(*words, str(tmp_path / "again.csv"))  # the server is gone
    assert f"{agent}: {asked} calls, " in first
    assert f"{agent}: 0 calls, 0 tokens in, 0 out" in again
    assert asked > 2
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_a_policy_speaks_as_is_stored_with_it_and_the_result_says_how(
    small_policy: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    shutil.copytree(small_policy, folder)
    card = json.loads((folder / "policy.json").read_text())
    del card["crc32"]  # edited by hand
    card["config"]["decoding"] = {"top_k": 7, "min_p": 0.25, "max_tokens": 4}
    (folder / "policy.json").write_text(json.dumps(card))
    words = (str(folder), "--task", "donation", "-n", "1", "--users", "caring", "--csv")
    said = run(*words, str(tmp_path / "stored.csv"))
    assert "beta 8, top_k 7, min_p 0.25, temperature 1, max_tokens 4" in said
    run(*words, str(tmp_path / "told.csv"), "--top-k", "3", "--advantage", "0")
    told = next(csv.DictReader((tmp_path / "told.csv").read_text().splitlines()))
    assert told["decoding"] == "beta 0, top_k 3, min_p 0.25, temperature 1, max_tokens 4"


def test_a_policy_without_stored_settings_still_speaks(small_policy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(small_policy, folder)
    card = json.loads((folder / "policy.json").read_text())
    del card["crc32"]  # edited by hand
    del card["config"]["decoding"]
    (folder / "policy.json").write_text(json.dumps(card))
    said = run(str(folder), "--task", "donation", "-n", "1", "--max-tokens", "4")
    assert "beta 8, top_k 20, min_p 0, temperature 1, max_tokens 4" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--min-p", "0.3"], "none of the agents is one"),
        (["--out", "report.txt"], "no name for a PDF"),
        (["--out", "folder.pdf"], "is a folder"),
        (["--users", ","], "names nobody"),
        (["--users", "carin"], "did you mean"),
    ],
)
def test_wrong_options_are_said_before_anything_is_made(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.pdf").mkdir()
    with pytest.raises(UserError, match=re.escape(said)):
        run("habit:0", "--task", "donation", "-n", "4", "--csv", str(tmp_path / "e.csv"), *words)
    assert not (tmp_path / "e.csv").exists()
