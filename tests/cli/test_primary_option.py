"""`--primary` declares outcomes when a run is made, and when it is reported on."""

import json
from pathlib import Path
from typing import Any


def test_an_outcome_is_declared(cli: Any, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ("--both-conditions", "--planner", "direct", "-n", "5", "--out", str(out))
    done = cli("generate", "-s", "viatex", "--primary", "turns", *options)
    assert done.code == 0
    assert json.loads((out / "run.json").read_text("utf-8"))["config"]["primary"] == ["turns"]
    shown = cli("report", str(out))
    assert shown.code == 0
    assert "Primary outcomes" in shown.out


def test_what_is_no_outcome_is_refused_before_anything_is_made(cli: Any, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = cli("generate", "-s", "viatex", "--primary", "gain_3", "--out", str(out))
    assert done.code == 2
    assert "primary outcome 'gain_3'" in done.err
    assert not out.exists()
