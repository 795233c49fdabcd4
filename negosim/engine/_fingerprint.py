"""The fingerprint of a run: everything its dialogues depend on."""

import hashlib
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.prompts import PARTS, STAGES, Prompts
from negosim.scenarios import Scenario
from negosim.store import Fingerprint, RunHeader
from negosim.taxonomies import Taxonomy
from negosim.traits import Trait

LIBRARIES = ("negosim", "langgraph", "langchain-core", "numpy", "pydantic", "jinja2")


def fingerprint(
    scenarios: Mapping[str, Scenario],
    taxonomies: tuple[Taxonomy, ...],
    prompts: Mapping[str, Prompts],
    models: dict[str, dict[str, Any]],
    plugins: dict[str, str],
    own_templates: tuple[str, ...],
    traits: Mapping[str, Trait],
) -> Fingerprint:
    """Compute the fingerprint of a run about to start; `own_templates` are those its planner brings."""
    return Fingerprint(
        versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        scenarios={name: _hash(scenario) for name, scenario in scenarios.items()},
        taxonomies={taxonomy.id: _hash(taxonomy) for taxonomy in taxonomies},
        traits={name: _hash(trait) for name, trait in traits.items()},
        prompts={
            name: templates.hash((*PARTS, *STAGES, *own_templates)) for name, templates in prompts.items()
        },
        models=models,
        plugins=plugins,
        git=_git_revision(),
    )


def check_unchanged(begun: RunHeader, now: RunHeader, given: RunConfig | None) -> None:
    """Refuse to go on with a run that would not be the same any more.

    Raises:
        UserError: lists every difference: the configuration given, scenarios, taxonomies, prompts,
            models, versions.

    """
    differences = []
    if given is not None:
        apart = {"concurrency"}  # It changes nothing that is said.
        differences += _differences(
            "", begun.config.model_dump(exclude=apart), given.model_dump(exclude=apart)
        )
    old, new = begun.fingerprint.model_dump(exclude={"git"}), now.fingerprint.model_dump(exclude={"git"})
    for part in old | new:
        differences += _differences(f"{part}.", old.get(part, {}), new.get(part, {}))
    if differences:
        listed = "\n".join(f"  {difference}" for difference in differences)
        raise UserError(f"the run was begun with something else; restore it, or make a new run:\n{listed}")


def _differences(prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    keys = [*old, *(key for key in new if key not in old)]
    return [
        f"{prefix}{key}: was {_short(old.get(key))}, is {_short(new.get(key))}"
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _short(value: Any) -> str:
    text = "not there" if value is None else str(value)
    return f"{text[:12]}..." if re.fullmatch("[0-9a-f]{64}", text) else text


def _hash(content: BaseModel) -> str:
    return hashlib.sha256(
        orjson.dumps(content.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    ).hexdigest()


def _git_revision() -> str | None:
    """Return the revision of the checkout negosim itself is imported from, None where it is installed."""
    folder = Path(__file__).resolve().parents[1]
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
