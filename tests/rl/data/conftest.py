"""A folder to work in, and the published data where it lies beside the repository."""

from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture
def published() -> Callable[[str], Path]:
    """Return where a published data set lies, or skip the test."""

    def find(name: str) -> Path:
        folder = DATA / name
        if not folder.is_dir():
            pytest.skip(f"the published data set {name} is not at {folder}")
        return folder

    return find


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made
