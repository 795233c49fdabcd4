"""The commands, put together."""

import sys
from importlib.metadata import version
from typing import Annotated, Literal

import typer

from negosim.cli import (
    _annotate,
    _cache,
    _generate,
    _graph,
    _judge,
    _models,
    _plugins,
    _prompts,
    _questions,
    _report,
    _rl,
    _rl_evaluate,
    _rl_export,
    _rl_hindsight,
    _rl_train,
    _runs,
    _scenarios,
    _taxonomies,
)

# Boxes for people; plain text for pipes, files and documentation.
MARKUP: Literal["rich"] | None = "rich" if sys.stdout.isatty() else None


def _group(name: str | None, help_text: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        help=help_text,
        no_args_is_help=True,
        rich_markup_mode=MARKUP,
        pretty_exceptions_enable=False,
        add_completion=name is None,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


app = _group(
    None,
    """Make, read and store negotiations between agents with private briefs.

    Start with: negosim generate --scenario viatex --deceptive
    """,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"negosim {version('negosim')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Hold the options of the program itself."""


app.command(cls=_generate.GenerateCommand)(_generate.generate)
app.command()(_runs.show)
app.command()(_runs.runs)
app.command()(_judge.judge)
app.command()(_annotate.annotate)
app.command()(_report.report)

scenarios = _group("scenarios", "List, read and check scenarios.")
scenarios.command("list")(_scenarios.list_)
scenarios.command()(_scenarios.show)
scenarios.command()(_scenarios.validate)
app.add_typer(scenarios)

taxonomies = _group("taxonomies", "List, read and check taxonomies of tactics.")
taxonomies.command("list")(_taxonomies.list_)
taxonomies.command()(_taxonomies.show)
taxonomies.command()(_taxonomies.validate)
app.add_typer(taxonomies)

questions = _group("questions", "List, read and check the questions judges are asked.")
questions.command("list")(_questions.list_)
questions.command()(_questions.show)
questions.command()(_questions.validate)
app.add_typer(questions)

prompts = _group("prompts", "See the prompts that models get.")
prompts.command("list")(_prompts.list_)
prompts.command()(_prompts.show)
app.add_typer(prompts)

models = _group("models", "Get, list and check language models.")
models.command("list")(_models.list_)
models.command()(_models.get)
models.command()(_models.check)
app.add_typer(models)

rl = _group("rl", "Train dialogue agents: data, simulated users, training, evaluation.")
rl.command()(_rl.prepare)
rl.command()(_rl.simulate)
rl.command()(_rl_hindsight.hindsight)
rl.command()(_rl_export.export)
rl.command()(_rl_train.train)
rl.command()(_rl_evaluate.evaluate)
rl.command()(_rl_train.chat)
app.add_typer(rl)

cache = _group("cache", "See and clear the answers that are kept.")
cache.command()(_cache.stats)
cache.command()(_cache.clear)
app.add_typer(cache)

app.command()(_plugins.plugins)
app.command()(_graph.graph)
app.command()(_graph.schema)
