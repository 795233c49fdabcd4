"""Runs with something wrong: the pages say so, and show the rest."""

import shutil
from pathlib import Path

from starlette.testclient import TestClient

from negosim.web.viewer import viewer


def test_what_cannot_be_read_is_named_and_the_rest_is_shown(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "kept", tmp_path / "kept")
    file = tmp_path / "kept" / "dialogues.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"CANARY", b"CANIRY")
    file.write_bytes(b"".join(lines))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    page = TestClient(viewer([tmp_path])).get("/runs/kept").text
    assert f"dialogues.jsonl, from byte {len(lines[0])}: " in page
    assert page.count('<tr><th scope="row"') == 3
    assert "Passed over: " in TestClient(viewer([tmp_path])).get("/").text
    public = TestClient(viewer([tmp_path], view="public"))
    assert "from byte" not in public.get("/runs/kept").text
    assert "Passed over" not in public.get("/").text
