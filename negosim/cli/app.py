"""Commands by name, and the groups they stand in; a command is imported when it is asked for."""

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Literal

import typer

from negosim.cli.lazy import LazyCommand, lazy_group

# Boxes for people; plain text for pipes, files and documentation.
MARKUP: Literal["rich"] | None = "rich" if sys.stdout.isatty() else None

COMMANDS = {
    "generate": LazyCommand(
        "negosim.cli.generate:generate",
        "Make dialogues, show them and store them in a run folder.",
        kind="negosim.cli.numbered_agents:GenerateCommand",
    ),
    "show": LazyCommand(
        "negosim.cli.runs:show", "Show a stored dialogue again, or list the dialogues of a run."
    ),
    "runs": LazyCommand(
        "negosim.cli.runs:runs", "List runs, newest first. What cannot be read is passed over and named."
    ),
    "play": LazyCommand(
        "negosim.cli.play:play",
        "Negotiate yourself, in the terminal or the browser; the talk is a run like any other.",
    ),
    "import": LazyCommand(
        "negosim.cli.import_:import_",
        "Make a run folder from dialogues that negosim has not made, people's above all.",
    ),
    "view": LazyCommand(
        "negosim.cli.view:view",
        "Read runs in a browser: transcripts, thoughts, offers, claims, judgements, calls.",
    ),
    "judge": LazyCommand(
        "negosim.cli.judge:judge",
        "Have judges answer questions about a run's dialogues, and store what they say beside them.",
        kind="negosim.cli.ray_command:RayCommand",
    ),
    "annotate": LazyCommand(
        "negosim.cli.annotate:annotate",
        "Answer the questions that judges are asked, in the terminal or on a sheet.",
    ),
    "report": LazyCommand(
        "negosim.cli.report:report",
        "Report on runs: outcomes, deception, quality, tactics, judges, cost, with intervals.",
    ),
    "export": LazyCommand(
        "negosim.cli.export:export",
        "Write a run's dialogues, turns, offers, claims and judgements as Parquet files.",
    ),
    "plugins": LazyCommand(
        "negosim.cli.plugins:plugins",
        "List the plugins that are found: kind, name, who brought each. Exit code 1 if one cannot be used.",
    ),
    "graph": LazyCommand(
        "negosim.cli.graph:graph", "Print the graph of a dialogue, as it runs, as a Mermaid diagram."
    ),
    "schema": LazyCommand(
        "negosim.cli.graph:schema",
        "Print the JSON Schema of a line of dialogues.jsonl, or of a scenario's file.",
    ),
}
"""Commands that stand in no group."""

GROUPS = {
    "scenarios": (
        "List, read and check scenarios.",
        {
            "list_": "List the scenarios that can be played by id; one that is wrong is listed as such.",
            "show": "Show a scenario: context, roles, issues with points, and the numbers of its space "
            "of deals.",
            "validate": "Check scenario files: every problem with its line and field. Exit code 2 if one is "
            "wrong.",
        },
    ),
    "taxonomies": (
        "List, read and check taxonomies of tactics.",
        {
            "list_": "List the taxonomies that can be used by id; one that is wrong is listed as such.",
            "show": "Show a taxonomy: every tactic with its definition and an example, by family.",
            "validate": "Check taxonomy files: every problem with its line or field. Exit code 2 if one is "
            "wrong.",
        },
    ),
    "traits": (
        "List, read and check traits: dispositions for roles.",
        {
            "list_": "List the lists of traits that can be used by id; one that is wrong is listed as such.",
            "show": "Show a list of traits: each in words, and what it changes of embedded participants.",
            "validate": "Check lists of traits: every problem with its line and field. Exit code 2 if one "
            "is wrong.",
        },
    ),
    "questions": (
        "List, read and check the questions judges are asked.",
        {
            "list_": "List the question sets that can be asked by id; one that is wrong is listed as such.",
            "show": "Show a question set: every question with its scale or options, and its example.",
            "validate": "Check question sets: every problem with its line and field. Exit code 2 if one is "
            "wrong.",
        },
    ),
    "planners": (
        "See how turns can be thought through, and train what they need.",
        {
            "list_": "List the planners: what each does, its calls of a chat model per turn, whether `sim` "
            "can take it.",
            "show": "Show a planner: its source, settings, stages with what they ask, calls per turn, and "
            "its graph.",
            "attitudes": "Train the classifier of attitudes that planner `stance` can take: "
            "stance:classifier=FILE.",
        },
    ),
    "prompts": (
        "See the prompts that models get.",
        {
            "list_": "List the templates in force and the file each comes from.",
            "show": "Print exactly what a model would get in an agent's first turn.",
        },
    ),
    "models": (
        "Get, list and check language models.",
        {
            "list_": "Say how models are named, which one is configured, and which small ones can be had.",
            "get": "Get a small model into the user's cache; its hash is checked.",
            "check": "Make real calls to a model and tell what works. Exit code 1 if it gave no usable "
            "answer.",
        },
    ),
    "study": (
        "Run user studies: people talk with agents they do not know, and rate them.",
        {
            "init": "Write a study that comes with negosim into a file, to be made one's own.",
            "check": "Check study files: every problem with its line and field. Exit code 2 if one is wrong.",
            "run": "Serve a study: a link for each person, and a page for you that says how it goes.",
            "status": "Say how a study goes: people, cells, drop-outs, conversations, cost.",
            "export": "Write what people did: a run folder, their ratings as judgements, tidy tables.",
        },
    ),
    "cache": (
        "See and clear the answers that are kept.",
        {
            "stats": "Say which answers are kept, where, and what they would cost to ask for again.",
            "clear": "Remove every answer that is kept. Runs are not touched.",
        },
    ),
}
"""Groups whose commands are the functions of one module: what they are for, and what each function is."""

RL = {
    "prepare": LazyCommand(
        "negosim.cli.rl:prepare",
        "Make trajectories from a run folder or a published data set, with a data card.",
    ),
    "simulate": LazyCommand(
        "negosim.cli.rl:simulate",
        "Make a corpus of dialogues between an agent and simulated users, with known rewards.",
        kind="negosim.cli.ray_command:RayCommand",
    ),
    "imagine": LazyCommand(
        "negosim.cli.rl:imagine",
        "Imagine dialogues that nobody held: a model writes all sides from nothing (zero-shot data).",
        kind="negosim.cli.ray_command:RayCommand",
    ),
    "hindsight": LazyCommand(
        "negosim.cli.rl_hindsight:hindsight",
        "Grow a set of dialogues by hindsight: what should have been said, and how it would have gone on.",
        kind="negosim.cli.ray_command:RayCommand",
    ),
    "export": LazyCommand(
        "negosim.cli.rl_export:export",
        "Write trajectories in TRL's conversational SFT, DPO or KTO format, a JSON object a line.",
    ),
    "train": LazyCommand(
        "negosim.cli.rl_train:train",
        "Train a policy on trajectories.",
    ),
    "evaluate": LazyCommand(
        "negosim.cli.rl_evaluate:evaluate",
        "Measure agents on the same users: reward, length, tactics, language, with intervals.",
    ),
    "chat": LazyCommand(
        "negosim.cli.rl_train:chat",
        "Talk to a policy. An empty line or the end of input ends the talk.",
    ),
}


GNOME = {
    "sources": LazyCommand(
        "negosim.cli.gnome:sources",
        "Read labelled dialogues, say what of them is used and how even their strategies are, and choose "
        "seeds.",
    ),
    "map": LazyCommand(
        "negosim.cli.gnome_map:map_",
        "Map labelled dialogues into other domains, utterance by utterance, with their labels; make a run of "
        "it.",
    ),
    "train": LazyCommand(
        "negosim.cli.gnome_train:train",
        "Train a classifier of strategies on all labelled dialogues of runs, and keep it.",
    ),
    "evaluate": LazyCommand(
        "negosim.cli.gnome_train:evaluate",
        "Test classifiers in their domain and out of it, with and without mapped data.",
    ),
    "pairs": LazyCommand(
        "negosim.cli.gnome_share:pairs",
        "Draw pairs of source and mapped dialogue, for people to grade with negosim annotate.",
    ),
    "agreement": LazyCommand(
        "negosim.cli.gnome_share:agreement",
        "Say how people graded pairs, and how far they agree: Krippendorff's alpha, equal grades.",
    ),
    "export": LazyCommand(
        "negosim.cli.gnome_share:export",
        "Write labelled dialogues for others: JSON lines, a dialogue a line, with a data card.",
    ),
}


def _group(name: str | None, help_text: str, commands: Mapping[str, LazyCommand]) -> typer.Typer:
    return typer.Typer(
        name=name,
        cls=lazy_group(commands),
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
    COMMANDS,
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


for group, (purpose, functions) in GROUPS.items():
    found = {
        name.rstrip("_"): LazyCommand(f"negosim.cli.{group}:{name}", summary)
        for name, summary in functions.items()
    }
    app.add_typer(_group(group, purpose, found))
app.add_typer(_group("rl", "Train dialogue agents: data, simulated users, training, evaluation.", RL))
app.add_typer(
    _group("gnome", "Open-domain negotiations from closed-domain ones, and classifiers of strategies.", GNOME)
)
