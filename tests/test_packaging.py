"""The installed package: every package and data file of the tree, under `negosim` and nowhere else."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = ("negosim", "scenarios", "taxonomies", "prompts", "rl", "reports")

pytestmark = pytest.mark.xdist_group("packaging")


def installed_name(file: Path) -> str:
    """Return where a file of the tree belongs in the wheel."""
    place = file.relative_to(ROOT)
    return str(place if place.parts[0] == "negosim" else "negosim" / place)


TREE = {
    installed_name(file)
    for folder in FOLDERS
    for file in (ROOT / folder).rglob("*")
    if file.is_file() and "__pycache__" not in file.parts
}


def test_the_list_of_packages_is_that_of_the_tree() -> None:
    tree = {
        name.removesuffix("/__init__.py").replace("/", ".") for name in TREE if name.endswith("/__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == tree


def test_every_folder_with_code_is_a_package() -> None:
    folders = {str(Path(name).parent) for name in TREE if name.endswith(".py")}
    assert folders == {str(Path(name).parent) for name in TREE if name.endswith("/__init__.py")}


def copy_tree(source: Path) -> None:
    """Copy what is built from, with its links as links."""
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)


def build_wheel(source: Path, base: Path) -> Path:
    """Build a wheel from a folder or a source distribution."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    command([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(base), str(source)], base)
    (built,) = base.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, which is built from the tree."""
    base = tmp_path_factory.mktemp("packaging")
    source = base / "source"
    copy_tree(source)
    build = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    command([sys.executable, "-c", build, str(base)], source)
    (sdist,) = base.glob("*.tar.gz")
    return build_wheel(sdist, base)


@pytest.mark.parametrize("links", ["left out", "as text"])
def test_the_wheel_is_the_same_where_links_cannot_be_made(links: str, tmp_path: Path) -> None:
    """As from an archive without them, or a checkout on Windows, where git writes the target as text."""
    source = tmp_path / "source"
    copy_tree(source)
    found = [file for file in (source / "negosim").iterdir() if file.is_symlink()]
    assert len(found) == len(FOLDERS) - 1
    for link in found:
        target = str(link.readlink())
        link.unlink()
        if links == "as text":
            link.write_text(target, encoding="utf-8")
    names = zipfile.ZipFile(build_wheel(source, tmp_path)).namelist()
    assert {name for name in names if ".dist-info/" not in name} == TREE


def test_a_clone_takes_every_package_from_itself(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    code = "from negosim import rl, scenarios; print(rl.__file__, scenarios.__file__)"
    printed = command([sys.executable, "-c", code], tmp_path)
    assert printed.split() == [
        str(tmp_path / "negosim" / name / "__init__.py") for name in ("rl", "scenarios")
    ]


def command(arguments: list[str], folder: Path, **environment: str) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(
        arguments,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_has_every_file_of_the_tree_and_no_other(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == TREE


def test_nothing_but_negosim_is_importable_from_the_wheel(wheel: Path) -> None:
    top = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert top == {"negosim", f"negosim-{PROJECT['project']['version']}.dist-info"}


def test_the_wheel_carries_the_licence_and_the_entry_points(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = f"negosim-{PROJECT['project']['version']}.dist-info"
    assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    entry_points = archive.read(f"{info}/entry_points.txt").decode()
    for group in ("console_scripts", "negosim.scenarios", "negosim.taxonomies", "negosim.prompts"):
        assert f"[{group}]" in entry_points


def test_the_core_install_is_light() -> None:
    required = " ".join(PROJECT["project"]["dependencies"])
    for heavy in ("torch", "transformers", "peft", "accelerate", "ray", "xllamacpp"):
        assert heavy not in required


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like site-packages with the wheel installed into it."""
    folder = tmp_path_factory.mktemp("installed") / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command([*pip, "--no-deps", "--target", str(folder), str(wheel)], folder.parent)
    return folder


def test_the_installed_wheel_finds_its_data_outside_the_tree(site: Path, tmp_path: Path) -> None:
    code = """
import negosim
from negosim.config import RunConfig
from negosim.engine import preview
from negosim.prompts import STAGES
from negosim.scenarios import list_scenarios, load_scenario
from negosim.taxonomies import list_taxonomies, load_taxonomy
for stage in STAGES:
    preview(RunConfig(scenarios=("viatex",)), 0, stage)
print(negosim.__file__)
print(len([load_scenario(name) for name in list_scenarios()]))
print(len([load_taxonomy(name) for name in list_taxonomies()]))
"""
    printed = command([sys.executable, "-c", code], tmp_path, PYTHONPATH=str(site)).splitlines()
    assert printed == [str(site / "negosim" / "__init__.py"), "19", "4"]


def test_the_installed_wheel_makes_a_dialogue_outside_the_tree(site: Path, tmp_path: Path) -> None:
    negosim = [sys.executable, str(site / "bin" / "negosim")]
    arguments = ["generate", "--scenario", "viatex", "--deceptive", "--json", "--out", "run"]
    (line,) = command([*negosim, *arguments], tmp_path, PYTHONPATH=str(site)).splitlines()
    assert json.loads(line)["id"] == "viatex.deceptive-2.0000"
    assert (tmp_path / "run" / "dialogues.jsonl").is_file()
