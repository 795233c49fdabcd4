"""`negosim generate`: make dialogues."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from negosim.cli._make import make_and_tell

if TYPE_CHECKING:
    from negosim.records import Condition

SIM_NOTICE = (
    "no model configured: the embedded simulated negotiator plays (model: sim); it is no language model"
)

BARE_DECEPTIVE = "2"
"""What `--deceptive` means without a value: agent 2 deceives, as in the method's report."""


class GenerateCommand(TyperCommand):
    """A command whose `--deceptive` may stand without its value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a bare `--deceptive` its value, then parse as usual.

        The command takes no positional arguments, so a word that follows and is no option is meant
        as the value; a wrong one is named as such.
        """
        given: list[str] = []
        for position, argument in enumerate(args):
            given.append(argument)
            following = args[position + 1 : position + 2]
            if argument == "--deceptive" and (not following or following[0].startswith("-")):
                given.append(BARE_DECEPTIVE)
        return super().parse_args(ctx, given)


MAKE, PLAY, MODELS, SHOW = "What to make", "How it is played", "Models", "Output"


def generate(
    scenario: Annotated[
        list[str],
        typer.Option(
            "--scenario",
            "-s",
            metavar="ID|PATH|all",
            help="Scenario to play; may be given several times. 'all' is every one that can be found.",
            rich_help_panel=MAKE,
        ),
    ],
    dialogues: Annotated[
        int,
        typer.Option(
            "--dialogues",
            "-n",
            min=1,
            metavar="N",
            help="Dialogues for each scenario and condition.",
            rich_help_panel=MAKE,
        ),
    ] = 1,
    deceptive: Annotated[
        str | None,
        typer.Option(
            metavar="[1|2|both|none]",
            help="Which agent's brief allows lying; without a value, agent 2.",
            show_default="none",
            rich_help_panel=MAKE,
        ),
    ] = None,
    both_conditions: Annotated[
        bool,
        typer.Option(
            "--both-conditions",
            help="Make every dialogue honest and deceptive, in matched pairs on the same seeds.",
            rich_help_panel=MAKE,
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="The same seed makes the same dialogues.", rich_help_panel=MAKE
        ),
    ] = 0,
    planner: Annotated[
        Literal["rollout", "reflect", "direct"],
        typer.Option(
            help="How a turn is thought through: best of K rollouts, a reflection alone, or one call.",
            rich_help_panel=PLAY,
        ),
    ] = "rollout",
    k: Annotated[
        int, typer.Option("--k", min=1, metavar="N", help="Rollouts a turn.", rich_help_panel=PLAY)
    ] = 3,
    objective: Annotated[
        Literal["joint", "own"],
        typer.Option(
            help="What the rollout judge scores: the value of all sides, or the speaker's.",
            rich_help_panel=PLAY,
        ),
    ] = "joint",
    judge_view: Annotated[
        Literal["own", "oracle"],
        typer.Option(
            help="What the rollout judge sees: the speaker's side only, or every brief (for study).",
            rich_help_panel=PLAY,
        ),
    ] = "own",
    max_turns: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Cap on utterances; 0 is unrestricted (stopped at 200).",
            rich_help_panel=PLAY,
        ),
    ] = 30,
    opener: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE",
            help="Who speaks first: a role's id, or 1 or 2.",
            show_default="as the scenario says",
            rich_help_panel=PLAY,
        ),
    ] = None,
    tactics: Annotated[
        str,
        typer.Option(metavar="ID|PATH", help="Taxonomy the tactics come from.", rich_help_panel=PLAY),
    ] = "persuasion",
    techniques: Annotated[
        str,
        typer.Option(
            metavar="ID|PATH", help="Taxonomy of deception a deceptive agent sees.", rich_help_panel=PLAY
        ),
    ] = "deception",
    prompts: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of prompt templates that override single ones.", rich_help_panel=PLAY
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            envvar="NEGOSIM_MODEL",
            metavar="MODEL",
            help="What plays: sim, openai:NAME, openai:NAME@http://host:port/v1, gguf:PATH, local.",
            show_default="sim",
            rich_help_panel=MODELS,
        ),
    ] = None,
    agent1_model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="What plays agent 1, if not --model.", rich_help_panel=MODELS),
    ] = None,
    agent2_model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="What plays agent 2, if not --model.", rich_help_panel=MODELS),
    ] = None,
    judge_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="What judges the rollouts.",
            show_default="each speaker's own",
            rich_help_panel=MODELS,
        ),
    ] = None,
    swap_roles: Annotated[
        bool,
        typer.Option(
            "--swap-roles",
            help="Play every dialogue a second time with the models' roles exchanged.",
            rich_help_panel=MODELS,
        ),
    ] = False,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Dialogues at once; does not change what they say.", rich_help_panel=PLAY
        ),
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Run folder to make.",
            show_default="a new one in ./runs",
            rich_help_panel=SHOW,
        ),
    ] = None,
    thoughts: Annotated[
        bool | None,
        typer.Option(
            "--thoughts/--no-thoughts",
            help="Show the private thinking of a single dialogue.",
            show_default="on a terminal",
            rich_help_panel=SHOW,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one line of JSON a dialogue, and nothing else.", rich_help_panel=SHOW
        ),
    ] = False,
) -> None:
    """Make dialogues, show them and store them in a run folder.

    A single dialogue is shown as it happens; of many, the progress and a summary. Without a model,
    the embedded simulated negotiator plays both roles, offline.
    """
    from negosim.config import RunConfig
    from negosim.engine import generate as make
    from negosim.terminal import console_for
    from negosim.terminal.watch import Watch

    references = _references(scenario)
    config = RunConfig(
        scenarios=references,
        dialogues=dialogues,
        conditions=_conditions(deceptive, both=both_conditions),
        seed=seed,
        models=_models(references, model or "sim", agent1_model, agent2_model),
        judge_model=judge_model,
        swap_roles=swap_roles,
        planner=planner,
        k=k,
        objective=objective,
        judge_view=judge_view,
        max_turns=max_turns,
        opener=opener,
        tactics=tactics,
        techniques=techniques,
        prompts=None if prompts is None else str(prompts),
        concurrency=concurrency,
    )
    by_default = model is None and (agent1_model is None or agent2_model is None)
    notice = SIM_NOTICE if by_default else None
    watch = Watch(console_for(), console_for(stderr=True), json=json, thoughts=thoughts, notice=notice)
    make_and_tell(lambda: make(config, out=out, watch=watch), watch, quiet=json)


def _references(given: Sequence[str]) -> tuple[str, ...]:
    from negosim.scenarios import list_scenarios

    found = [
        name for reference in given for name in (list_scenarios() if reference == "all" else [reference])
    ]
    return tuple(dict.fromkeys(found))


def _conditions(deceptive: str | None, *, both: bool) -> "tuple[Condition, ...]":
    from negosim.records import Condition

    if both and deceptive == "none":
        raise typer.BadParameter("with --both-conditions somebody has to deceive", param_hint="--deceptive")
    told = condition_of(deceptive or (BARE_DECEPTIVE if both else "none"))
    return (Condition(), told) if both else (told,)


def condition_of(deceptive: str) -> "Condition":
    """Return the condition that a value of `--deceptive` names."""
    from negosim.records import Condition

    if deceptive == "none":
        return Condition()
    if deceptive == "both":
        return Condition(deceptive=(0, 1))
    if deceptive.isdecimal() and int(deceptive) > 0:
        return Condition(deceptive=(int(deceptive) - 1,))
    raise typer.BadParameter(f"{deceptive!r} is not one of 1, 2, both, none", param_hint="--deceptive")


def _models(references: Sequence[str], base: str, first: str | None, second: str | None) -> tuple[str, ...]:
    """Return one model for all roles, or one for each."""
    from negosim.scenarios import load_scenario

    if first is None and second is None:
        return (base,)
    roles = max(len(load_scenario(reference).roles) for reference in references)
    return (first or base, second or base, *[base] * (roles - 2))
