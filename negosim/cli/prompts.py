"""`negosim prompts`: what models are asked."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from negosim._text import clean
from negosim.cli.configuration import condition_of
from negosim.cli.options import PromptsFolder
from negosim.config import RunConfig
from negosim.engine import planner_of, preview
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.prompts import (
    AREAS,
    IMAGINED,
    JUDGING,
    PARTS,
    STAGES,
    USERS,
    Prompts,
    Templates,
    area_templates,
    unused,
)
from negosim.registry import plugins
from negosim.scenarios import load_scenario
from negosim.terminal import console_for, print_rows


def list_(
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", "-s", metavar="ID", help="The scenario, as it may have its own."),
    ] = None,
    prompts: PromptsFolder = None,
) -> None:
    """List the templates in force and the file each comes from."""
    name = "" if scenario is None else load_scenario(scenario).id
    folder = None if prompts is None else str(prompts)
    own: dict[str, str] = {}
    for planner in plugins("planners"):
        with suppress(UserError):  # what cannot be loaded is named by `negosim plugins`
            own |= dict.fromkeys(planner_of(planner).own_templates, planner)
    templates = Prompts(name, folder, own)
    uses = [
        ("part of every stage", PARTS),
        ("stage", STAGES),
        ("for judges", JUDGING),
        ("brief of a user", USERS),
        ("for whole dialogues", IMAGINED),
    ]
    rows = [[template, use, _file(templates, template)] for use, names in uses for template in names]
    rows += [[template, f"of planner {own[template]}", _file(templates, template)] for template in own]
    for area, names in AREAS.items():
        found_there = area_templates(area, _with(folder, area))
        rows += [[f"{area}/{name}", f"for {area}", _file(found_there, name)] for name in names]
    print_rows(console_for(), ("template", "is", "file"), rows, whole=("template",))
    for file in unused((*PARTS, *STAGES, *JUDGING, *USERS, *IMAGINED, *own), folder):
        typer.echo(f"{file}: not used, since no template is called so", err=True)
    if lacking := templates.lacking():
        typer.echo(lacking, err=True)


def _file(templates: Templates, name: str) -> str:
    """Return the file of a template; a planner's own may have none."""
    return str(templates.source(f"{name}.j2") or "none")


def _with(folder: str | None, area: str) -> str | None:
    """Return the user's folder where it has templates for an area."""
    return folder if folder is not None and Path(folder).expanduser().joinpath(area).is_dir() else None


def show(
    scenario: Annotated[str, typer.Option("--scenario", "-s", metavar="ID|PATH", help="Scenario.")],
    role: Annotated[str, typer.Option(metavar="ROLE", help="The agent asked: a role's id, or 1 or 2.")],
    stage: Annotated[
        str,
        typer.Option(
            metavar="STAGE", help="What the agent is asked to do: a stage, or a planner's template."
        ),
    ],
    planner: Annotated[
        str, typer.Option(metavar="NAME", help="The planner whose template it is.")
    ] = "rollout",
    deceptive: Annotated[
        str, typer.Option(metavar="1|2|both|none", help="Which agent's brief allows lying.")
    ] = "none",
    prompts: PromptsFolder = None,
    json: Annotated[bool, typer.Option("--json", help="Print the messages as JSON.")] = False,
) -> None:
    """Print exactly what a model would get in an agent's first turn.

    What would come from speakers and stages before stands in round brackets.
    """
    ids = [item.id for item in load_scenario(scenario).roles]
    if role not in ids and not (role.isdecimal() and 1 <= int(role) <= len(ids)):
        raise typer.BadParameter(f"{role!r} is no role; {suggest(role, ids)}", param_hint="--role")
    stages = (*STAGES, *planner_of(planner).own_templates)
    if stage not in stages:
        known = suggest(stage, dict.fromkeys(stages))
        raise typer.BadParameter(f"{stage!r} is no stage; {known}", param_hint="--stage")
    config = RunConfig(
        scenarios=(scenario,),
        planner=planner,
        conditions=(condition_of(deceptive, [scenario]),),
        prompts=None if prompts is None else str(prompts),
    )
    messages = preview(config, ids.index(role) if role in ids else int(role) - 1, stage)
    if json:
        typer.echo(
            orjson.dumps([asdict(message) for message in messages], option=orjson.OPT_INDENT_2).decode()
        )
        return
    for message in messages:
        text = clean(message.content) if console_for().is_terminal else message.content
        typer.echo(f"======== {message.role} message ========\n{text}")
