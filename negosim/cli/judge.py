"""`negosim judge`: what judges say about a run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim import judging
from negosim._text import plural
from negosim.cli.configuration import budget_of
from negosim.cli.options import (
    COST,
    MODEL_SETTINGS,
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
    with_settings,
)
from negosim.cli.runs import run_folder
from negosim.errors import NegosimError, UserError
from negosim.judging import BELIEFS, BELIEFS_TURNS, DEFAULT, assess, write_assessment
from negosim.logs import logged_to
from negosim.store import Run
from negosim.terminal import console_for
from negosim.terminal.calibration import print_assessment
from negosim.terminal.judging import JudgingWatch

JUDGEMENTS = "judgements.jsonl"

ORACLE_NOTICE = (
    "no judge named: the oracle reads what the record of the simulated dialogues says (judge: oracle)"
)

WHO = "Who judges what"


def judge(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or its name in ./runs.")],
    judge_model: Annotated[
        str | None,
        typer.Option(
            envvar="NEGOSIM_MODEL",
            metavar="MODEL",
            help="Who judges: a model, or oracle, which reads the record's ground truth.",
            show_default="oracle for simulated dialogues",
            rich_help_panel=WHO,
        ),
    ] = None,
    judges: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Several judges, in place of --judge-model.", rich_help_panel=WHO),
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option(
            metavar="ID|PATH,...",
            help="What to ask: question sets, see negosim questions list.",
            show_default="the usual ones",
            rich_help_panel=WHO,
        ),
    ] = None,
    beliefs: Annotated[
        Literal["ends", "turns"] | None,
        typer.Option(
            help="Also ask each agent, by its own model, what it believes about the others: before the "
            "first and after the last utterance, or in between as well.",
            show_default="not asked",
            rich_help_panel=WHO,
        ),
    ] = None,
    repeats: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Ask each model so often, with options and questions in another order; the third time in "
            "the first one again, to tell order from chance.",
            rich_help_panel=WHO,
        ),
    ] = 1,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Judge so many dialogues of each scenario and condition, matched pairs together.",
            show_default="all",
            rich_help_panel=WHO,
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Show how good the judges are, on simulated dialogues: against the record's ground truth, "
            "against each other and people who annotated.",
            rich_help_panel=WHO,
        ),
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="With --calibrate: write every figure as CSV.", rich_help_panel=WHO
        ),
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of prompt templates that override single ones.", rich_help_panel=WHO
        ),
    ] = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    model_seed: ModelSeed = None,
    timeout: Timeout = None,
    model_body: ModelBody = None,
    model_header: ModelHeader = None,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Calls at once.", rich_help_panel=COST)
    ] = 1,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
    send_key_to: SendKeyTo = None,
    ray: Ray = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Append what happens to a log, a JSON object a line.", rich_help_panel=COST
        ),
    ] = None,
) -> None:
    """Have judges answer questions about a run's dialogues, and store what they say beside them.

    What has been answered is not asked again: the same command goes on where it was stopped.
    Dialogues that failed are not judged.
    """
    if log is not None:
        context.with_resource(logged_to(log))
    source = context.get_parameter_source("judge_model")
    named = judge_model is not None and source is not None and source.name == "COMMANDLINE"
    if judges is not None and named:
        raise typer.BadParameter(
            "name the judges here or with --judge-model, not both", param_hint="--judges"
        )
    found = Run.open(run_folder(run))
    names = listed(judges) or ([judge_model] if judge_model and named else [judging.default_judge(found)])
    names = with_settings(names, **{name: context.params[name] for name in MODEL_SETTINGS})
    if csv is not None and not calibrate:
        raise typer.BadParameter("has the figures of --calibrate; give that as well", param_hint="--csv")
    if csv is not None and (csv.is_dir() or not csv.parent.is_dir()):  # said before judging costs anything
        wrong = "is a folder" if csv.is_dir() else "is in a folder that does not exist"
        raise typer.BadParameter(f"{str(csv)!r} {wrong}; name a file that can be written", param_hint="--csv")
    if calibrate:
        names = judging.known_truth(found, names)
    elif judges is None and judge_model is None:
        typer.echo(ORACLE_NOTICE, err=True)
    watch = JudgingWatch(console_for())
    asked = _asked(listed(questions), beliefs)

    def judge_it() -> Run:
        return judging.judge(
            found,
            judges=names,
            questions=asked,
            repeats=repeats,
            sample=sample,
            prompts=prompts,
            watch=watch,
            concurrency=concurrency,
            cache=cache,
            budget=budget_of(budget_usd, budget_tokens),
            send_key_to=listed(send_key_to) or (),
            ray=ray,
        )

    _judge_and_tell(judge_it, found, watch)
    if calibrate:
        _tell_calibration(found, asked, csv)
    _tell_errors(watch)


def _tell_calibration(run: Run, questions: Sequence[str] | None, csv: Path | None) -> None:
    """Print how good the judges are, as far as their answers to the questions tell."""
    found = assess(run, None if questions is None else [Path(name).stem for name in questions])
    if csv is not None:
        write_assessment(found, csv)
    print_assessment(console_for(), found)
    if csv is not None:
        typer.echo(f"\nevery figure is in {csv}")


def _judge_and_tell(judge_it: Callable[[], Run], run: Run, watch: JudgingWatch) -> None:
    """Judge, and say what came of it. Exits with 130 after Ctrl-C."""
    try:
        judge_it()
    except (KeyboardInterrupt, NegosimError) as stopped:
        watch.close()
        if watch.run is not None and not isinstance(stopped, UserError):
            watch.summary()
            stored = plural(watch.tally.total.sheets, "sheet is", "sheets are")
            typer.echo(f"stopped: {stored} stored in {run.path}; the same command goes on", err=True)
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    finally:
        watch.close()
    watch.summary()
    typer.echo(f"stored in {run.path / JUDGEMENTS}")


def _tell_errors(watch: JudgingWatch) -> None:
    """Say what a provider failed to answer. Exits with 1 if there is any."""
    if errors := watch.tally.total.judgements["error"]:
        typer.echo(
            f"{plural(errors, 'answer')} could not be had from a provider; the same command asks again",
            err=True,
        )
        raise typer.Exit(1)


def _asked(questions: list[str] | None, beliefs: Literal["ends", "turns"] | None) -> list[str] | None:
    """Return the questions with those about beliefs added to them."""
    if beliefs is None:
        return questions

    asked = list(DEFAULT if questions is None else questions)
    added = (BELIEFS, BELIEFS_TURNS) if beliefs == "turns" else (BELIEFS,)
    return [*asked, *(name for name in added if name not in asked)]
