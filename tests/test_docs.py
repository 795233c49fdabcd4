"""The examples in the documentation are run.

In README.md and docs/*.md, page by page in a fresh folder, from top to bottom:

- A fence with `file=NAME` after its language is written to that file (`file=NAME,NAME`: to both).
- ```python is executed; all of a page share their names.
- ```console: each line `$ negosim ...` (variables may come before it) is run and must exit with 0, or with
  what the fence gives as `exit=N`. Lines after it are its output; `...` stands for anything.

Use ```sh for what needs a network, a key or a server, and a bare fence for everything else.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
NEGOSIM = Path(sys.executable).with_name("negosim")

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One fenced block of a page."""

    language: str
    options: dict[str, str]
    body: str
    line: int


def examples(text: str) -> list[Example]:
    found = []
    for match in FENCE.finditer(text):
        language, *options = match["info"].split() or [""]
        pairs = dict(option.split("=", 1) for option in options)
        found.append(Example(language, pairs, match["body"], text.count("\n", 0, match.start()) + 1))
    return found


def run_console(example: Example, folder: Path, page: str) -> None:
    for part in re.split(r"^\$ ", example.body, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        words = shlex.split(command)
        variables: dict[str, str] = {}
        while "=" in words[0]:
            name, _, variables[name] = words.pop(0).partition("=")
        assert words[0] == "negosim", (
            f"{page}:{example.line}: only negosim is run; use a ```sh fence for {words[0]}"
        )
        done = subprocess.run(
            [str(NEGOSIM), *words[1:]],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1200,
            env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **variables},
        )
        place = f"{page}:{example.line}: {command}"
        assert done.returncode == int(example.options.get("exit", "0")), f"{place}\n{done.stdout}"
        if expected.strip():
            pattern = ".*".join(re.escape(piece.strip()) for piece in expected.split("..."))
            assert re.fullmatch(pattern, done.stdout.strip(), re.DOTALL), f"{place}\n{done.stdout}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "example"}
    for example in examples(page.read_text(encoding="utf-8")):
        if "file" in example.options:
            for name in example.options["file"].split(","):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(example.body, encoding="utf-8")
        elif example.language == "python":
            exec(compile(example.body, f"{page.name}:{example.line}", "exec"), names)
        elif example.language == "console":
            run_console(example, folder, page.name)


def test_the_pages_have_examples() -> None:
    languages = [example.language for page in PAGES for example in examples(page.read_text(encoding="utf-8"))]
    assert languages.count("console") >= 5
    assert languages.count("python") >= 3


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_pyproject_of_the_plugins_page_is_that_of_the_example_plugin() -> None:
    (shown,) = [
        e.body for e in examples((ROOT / "docs" / "plugins.md").read_text("utf-8")) if e.language == "toml"
    ]
    assert shown == (ROOT / "tests" / "plugins" / "example_plugin" / "pyproject.toml").read_text(
        encoding="utf-8"
    )
