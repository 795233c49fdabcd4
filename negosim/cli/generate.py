"""`negosim generate`: make dialogues."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim import engine
from negosim.cli.configuration import budget_of, claimed, configuration
from negosim.cli.forecast import tell_forecast
from negosim.cli.make import key_option, make_and_tell
from negosim.cli.options import (
    COST,
    BudgetTokens,
    BudgetUsd,
    Cache,
    MaxTokens,
    ModelBody,
    ModelHeader,
    ModelSeed,
    Ray,
    SendKeyTo,
    Temperature,
    Timeout,
    listed,
)
from negosim.cli.runs import run_folder
from negosim.config import TRAIT_LISTS, RunConfig
from negosim.logs import logged_to
from negosim.models import Budget, ModelSpec
from negosim.store import Run
from negosim.terminal import console_for
from negosim.terminal.watch import Watch

SIM_NOTICE = (
    "no model configured: the embedded simulated negotiator plays (model: sim); it is no language model"
)

MAKE, PLAY, MODELS, SHOW = "What to make", "How it is played", "Models", "Output"


def generate(
    context: typer.Context,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            "-s",
            metavar="ID|PATH|all",
            help="Scenario to play; may be given several times. 'all' is every one that can be found.",
            rich_help_panel=MAKE,
        ),
    ] = None,
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
            metavar="[1|2|1,3|both|all|none]",
            help="Whose brief allows lying, by number of the agent; without a value, agent 2.",
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
    primary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTCOME",
            help="Primary outcome, declared before the run is made: agreed, joint_value, a judge's question; "
            "may be given several times. Reports correct over them; all else is exploratory.",
            rich_help_panel=MAKE,
        ),
    ] = None,
    planner: Annotated[
        str,
        typer.Option(
            metavar="NAME[:SETTING=VALUE,...]",
            help="How a turn is thought through; see negosim planners list.",
            rich_help_panel=PLAY,
        ),
    ] = "rollout",
    k: Annotated[
        int, typer.Option("--k", min=1, metavar="N", help="Rollouts a turn.", rich_help_panel=PLAY)
    ] = 3,
    calls: Annotated[
        Literal["separate", "combined", "fused"],
        typer.Option(
            help="A model call for each stage, one for reflection and tactics together, or one for these "
            "and the rollouts.",
            rich_help_panel=PLAY,
        ),
    ] = "separate",
    votes: Annotated[
        Literal["when-over", "always"],
        typer.Option(
            help="Ask whether the talk is over where it can be (a deal, a later round without progress), or "
            "after every round, as the report does.",
            rich_help_panel=PLAY,
        ),
    ] = "when-over",
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
    judge_form: Annotated[
        Literal["score", "compare"],
        typer.Option(
            help="What the rollout judge is asked for: a score for each candidate, or their order first.",
            rich_help_panel=PLAY,
        ),
    ] = "score",
    max_turns: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Cap on utterances; 0 is unrestricted (stopped at 200).",
            show_default="as the scenario says, else 30",
            rich_help_panel=PLAY,
        ),
    ] = None,
    opener: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE",
            help="Who speaks first: a role's id, or its number from 1.",
            show_default="as the scenario says",
            rich_help_panel=PLAY,
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            metavar="ORDER",
            help="Who speaks after whom: round_robin, random (as the seed says, nobody twice running), or "
            "chair:ROLE (that role speaks every other time and says who is next).",
            show_default="as the scenario says",
            rich_help_panel=PLAY,
        ),
    ] = None,
    tactics: Annotated[
        str | None,
        typer.Option(
            metavar="ID|PATH",
            help="Taxonomy the tactics come from.",
            show_default="the scenario's own, else persuasion",
            rich_help_panel=PLAY,
        ),
    ] = None,
    techniques: Annotated[
        str,
        typer.Option(
            metavar="ID|PATH", help="Taxonomy of deception a deceptive agent sees.", rich_help_panel=PLAY
        ),
    ] = "deception",
    traits: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=TRAIT,...",
            help="Dispositions of a role, by its number, its id or all: 1=quantitative,charismatic; "
            "2=draw:calm*3/anxious draws for each dialogue; all=sweep:2-of-courtroom plays every pair. May "
            "be given several times; see negosim traits list.",
            rich_help_panel=PLAY,
        ),
    ] = None,
    trait_list: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID|PATH",
            help="Lists that traits are looked for in; may be given several times.",
            show_default=" and ".join(TRAIT_LISTS),
            rich_help_panel=PLAY,
        ),
    ] = None,
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
        typer.Option(
            metavar="MODEL",
            help="What plays agent 2, if not --model; --agent3-model and so on for further roles.",
            rich_help_panel=MODELS,
        ),
    ] = None,
    model_for: Annotated[
        list[str] | None,
        typer.Option(
            "--model-for",
            metavar="ROLE=MODEL",
            help="What plays a role, named by id or number; may be given several times.",
            rich_help_panel=MODELS,
        ),
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
            help="Play every dialogue again with the models' roles exchanged, until each had every role.",
            rich_help_panel=MODELS,
        ),
    ] = False,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    model_seed: ModelSeed = None,
    timeout: Timeout = None,
    model_body: ModelBody = None,
    model_header: ModelHeader = None,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Dialogues at once; does not change what they say.", rich_help_panel=PLAY
        ),
    ] = 1,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
    send_key_to: SendKeyTo = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Predict calls, tokens and money; send and write nothing.",
            rich_help_panel=COST,
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Processes to play in; for the simulated negotiator alone.",
            rich_help_panel=PLAY,
        ),
    ] = 1,
    ray: Ray = None,
    compress: Annotated[
        bool, typer.Option("--compress", help="Store the dialogues as zstd.", rich_help_panel=SHOW)
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Append what happens to a log, a JSON object a line.", rich_help_panel=SHOW
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Run folder to make.",
            show_default="a new one in ./runs",
            rich_help_panel=SHOW,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Finish this run, stopped or killed: what is finished is not made or paid for again.",
            rich_help_panel=SHOW,
        ),
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="With --resume: also play again the dialogues whose model gave no usable answer.",
            rich_help_panel=SHOW,
        ),
    ] = False,
    drop_damaged: Annotated[
        bool,
        typer.Option(
            "--drop-damaged",
            help="With --resume: take stored dialogues that are damaged out of the run, and make them again.",
            rich_help_panel=SHOW,
        ),
    ] = False,
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
            "--json",
            help="Print one line of JSON a dialogue (or the prediction), and nothing else.",
            rich_help_panel=SHOW,
        ),
    ] = False,
) -> None:
    """Make dialogues, show them and store them in a run folder.

    A single dialogue is shown as it happens; of many, the progress and a summary. Without a model,
    the embedded simulated negotiator plays both roles, offline.

    With --resume nothing else is needed: the run goes on as it was begun, and dialogues that failed
    through the provider are played again.
    """
    options = context.params
    watch = Watch(console_for(), console_for(stderr=True), json=json, thoughts=thoughts)
    limits = {"--budget-usd": budget_usd, "--budget-tokens": budget_tokens}
    again = "".join(f" {name} {limit:g}" for name, limit in limits.items() if limit is not None)
    budget = budget_of(budget_usd, budget_tokens)
    if log is not None:
        context.with_resource(logged_to(log))
    if resume is not None:
        if dry_run:
            raise typer.BadParameter("predicts new runs, not the rest of one", param_hint="--dry-run")
        for name, value in (("--out", out), ("--compress", compress)):
            if value:
                raise typer.BadParameter("is chosen when a run is begun; leave it out", param_hint=name)
        _finish(context, run_folder(resume), watch, budget, again)
        return
    if send_key_to:
        raise typer.BadParameter("goes with --resume RUN", param_hint="--send-key-to")
    if retry_failed:
        raise typer.BadParameter("goes with --resume RUN", param_hint="--retry-failed")
    if drop_damaged:
        raise typer.BadParameter("mends a run; add --resume RUN", param_hint="--drop-damaged")
    if scenario is None:
        raise typer.BadParameter("give at least one, or a run to --resume", param_hint="--scenario")
    config = configuration(options)
    if dry_run:
        tell_forecast(engine.predict(config), json=json)
        return
    named = [one for one in (agent1_model, agent2_model, *(model_for or ())) if one is not None]
    if model is None and (len(config.models) == 1 or len(named) < len(config.models)):
        watch.notice = SIM_NOTICE
    make_and_tell(
        lambda: engine.generate(
            config,
            out=out,
            compress=compress,
            watch=watch,
            cache=cache,
            budget=budget,
            workers=workers,
            ray=ray,
        ),
        watch,
        quiet=json,
        again=again + key_option(config),
    )


def _finish(context: typer.Context, folder: Path, watch: Watch, budget: Budget | None, again: str) -> None:
    """Finish a run that was begun, as the options say."""
    options, given = context.params, _given(context)
    config = claimed(Run.open(folder).config, options, given)
    make_and_tell(
        lambda: engine.resume(
            folder,
            config=config,
            retry_failed=options["retry_failed"],
            drop_damaged=options["drop_damaged"],
            watch=watch,
            cache=options["cache"],
            budget=budget,
            workers=options["workers"],
            ray=options["ray"],
            send_key_to=(listed(options["send_key_to"]) or []) + _servers_typed(config, given),
        ),
        watch,
        quiet=options["json"],
        again=again + key_option(config),
    )


def _servers_typed(config: RunConfig, given: set[str]) -> list[str]:
    """Return the servers of the models that the options name."""
    named = list(config.models) if given & {"model", "agent1_model", "agent2_model", "model_for"} else []
    named += [config.judge_model] if config.judge_model and "judge_model" in given else []
    return [url for name in named for url in ModelSpec.parse(name).servers]


def _given(context: typer.Context) -> set[str]:
    """Return the options that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
