"""The fingerprint of a run: everything its dialogues depend on."""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

import negosim
from negosim.prompts import Prompts
from negosim.scenarios import Scenario
from negosim.store import Fingerprint
from negosim.taxonomies import Taxonomy

LIBRARIES = ("negosim", "langgraph", "langchain-core", "numpy", "pydantic", "jinja2")


def fingerprint(
    scenarios: Mapping[str, Scenario],
    taxonomies: tuple[Taxonomy, ...],
    prompts: Mapping[str, Prompts],
    models: dict[str, dict[str, Any]],
) -> Fingerprint:
    """Compute the fingerprint of a run about to start."""
    return Fingerprint(
        versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        scenarios={name: _hash(scenario) for name, scenario in scenarios.items()},
        taxonomies={taxonomy.id: _hash(taxonomy) for taxonomy in taxonomies},
        prompts={name: templates.hash() for name, templates in prompts.items()},
        models=models,
        git=_git_revision(),
    )


def _hash(content: BaseModel) -> str:
    return hashlib.sha256(
        orjson.dumps(content.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    ).hexdigest()


def _git_revision() -> str | None:
    """Return the revision of the checkout negosim itself is imported from, None where it is installed."""
    folder = Path(negosim.__file__).parent
    if not (folder.parent / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        revision = git("rev-parse", "HEAD")
        return f"{revision}+changes" if git("status", "--porcelain", "--untracked-files=no") else revision
    except (OSError, subprocess.CalledProcessError):
        return None
