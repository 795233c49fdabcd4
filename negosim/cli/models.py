"""`negosim models`: the language models at hand."""

import asyncio
from typing import Annotated

import typer

from negosim import registry
from negosim._text import one_line
from negosim.agents import agent_factory
from negosim.models import CATALOG, MODEL_VARIABLE, cached, check_model, fetch, provider_of, resolve_spec
from negosim.terminal import console_for, print_rows


def list_() -> None:
    """Say how models are named, which one is configured, and which small ones can be had."""
    agents = [agent_factory(kind) for kind in registry.plugins("agents")]
    providers = [provider_of(kind) for kind in registry.plugins("providers")]
    rows = [[kind.usage, kind.about] for kind in agents] + [[kind.usage, kind.about] for kind in providers]
    for name, model in CATALOG.items():
        place = cached(name)
        had = f"in {place}" if place else f"{model.megabytes} MB; get it with: negosim models get {name}"
        rows.append([f"local:{name}", f"{model.about}, run in this process; {had}"])
    print_rows(console_for(), ("model", "what it is"), rows, whole=("model",))
    typer.echo(f"configured with {MODEL_VARIABLE}, or else sim: {resolve_spec()}")


def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model that `models list` names.")],
) -> None:
    """Get a small model into the user's cache; its hash is checked."""
    fetch(name, lambda message: typer.echo(message, err=True))
    typer.echo(f"ready: negosim generate --scenario viatex --model local:{name}")


def check(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="For example openai:gpt-4o-mini.")],
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Make real calls to a model and tell what works. Exit code 1 if it gave no usable answer."""
    report = asyncio.run(check_model(model))
    if json:
        typer.echo(report.model_dump_json())
    else:
        typer.echo(f"model              {one_line(report.model)}")
        typer.echo(
            f"usable answer      {'yes' if report.answered else 'no: ' + one_line(report.problem or '')}"
        )
        if report.mode is not None:
            given_up = ", ".join(mode for mode in report.unheld if mode != report.mode)
            around = report.answered and not report.bare and report.mode != "prompt"
            held = " (taken, not held: there was text around the object)" if around else ""
            ignored = f" (the server takes {given_up} and does not hold to it)" if given_up else ""
            mode = report.mode if report.answered else f"no; last asked by {report.mode}"
            typer.echo(f"structured output  {mode}{held}{ignored}")
            counted = (
                f"yes ({report.tokens_in:,} tokens in)"
                if report.usage
                else "no: no account of tokens or money"
            )
            typer.echo(f"token counts       {counted}")
            cached = f"yes ({report.tokens_cached:,} tokens)" if report.tokens_cached else "not seen"
            typer.echo(f"prefix cache       {cached}")
            speed = f", {report.tokens_per_second:.0f} tokens a second" if report.tokens_per_second else ""
            typer.echo(f"time of a call     {report.seconds:.1f} s{speed}")
    if not report.answered:
        raise typer.Exit(1)
