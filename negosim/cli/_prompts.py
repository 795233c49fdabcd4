"""`negosim prompts`: what models are asked."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim.cli._configuration import condition_of

PromptsFolder = Annotated[
    Path | None,
    typer.Option("--prompts", metavar="DIR", help="Folder of templates that override single ones."),
]


def list_(
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", "-s", metavar="ID", help="The scenario, as it may have its own."),
    ] = None,
    prompts: PromptsFolder = None,
) -> None:
    """List the templates in force and the file each comes from."""
    from negosim.prompts import JUDGING, PARTS, STAGES, Prompts
    from negosim.scenarios import load_scenario
    from negosim.terminal import console_for, print_rows

    name = "" if scenario is None else load_scenario(scenario).id
    templates = Prompts(name, None if prompts is None else str(prompts))
    rows = [
        [
            template,
            is_,
            str(templates.source(f"{template}.j2")),
        ]
        for is_, names in (("part of every stage", PARTS), ("stage", STAGES), ("for judges", JUDGING))
        for template in names
    ]
    print_rows(console_for(), ("template", "is", "file"), rows, whole=("template",))


def show(
    scenario: Annotated[str, typer.Option("--scenario", "-s", metavar="ID|PATH", help="Scenario.")],
    role: Annotated[str, typer.Option(metavar="ROLE", help="The agent asked: a role's id, or 1 or 2.")],
    stage: Annotated[
        Literal["reflect", "tactics", "rollout", "think", "judge", "speak", "consolidate", "conclude"],
        typer.Option(help="What the agent is asked to do."),
    ],
    deceptive: Annotated[
        str, typer.Option(metavar="1|2|both|none", help="Which agent's brief allows lying.")
    ] = "none",
    prompts: PromptsFolder = None,
    json: Annotated[bool, typer.Option("--json", help="Print the messages as JSON.")] = False,
) -> None:
    """Print exactly what a model would get in an agent's first turn.

    What would come from speakers and stages before stands in round brackets.
    """
    from dataclasses import asdict

    import orjson

    from negosim._text import clean
    from negosim.config import RunConfig
    from negosim.engine import preview
    from negosim.plugins import suggest
    from negosim.scenarios import load_scenario
    from negosim.terminal import console_for

    ids = [item.id for item in load_scenario(scenario).roles]
    if role not in ids and not (role.isdecimal() and 1 <= int(role) <= len(ids)):
        raise typer.BadParameter(f"{role!r} is no role; {suggest(role, ids)}", param_hint="--role")
    config = RunConfig(
        scenarios=(scenario,),
        conditions=(condition_of(deceptive),),
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
