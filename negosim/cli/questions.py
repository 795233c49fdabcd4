"""`negosim questions`: list, show, validate."""

from typing import Annotated

import orjson
import typer

from negosim._text import clean, plural
from negosim.errors import UserError
from negosim.judging import BUILT_IN_QUESTIONNAIRES, list_question_sets, load_question_set, resolution_set
from negosim.plugins import PluginError
from negosim.scenarios import load_scenario
from negosim.terminal import console_for, print_rows, print_view
from negosim.terminal.judging import questions_view


def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a question set.")] = False,
) -> None:
    """List the question sets that can be asked by id; one that is wrong is listed as such."""
    rows = []
    for name, source in list_question_sets().items():
        entry: dict[str, object] = {"id": name, "origin": source.origin, "file": source.name}
        try:
            loaded = load_question_set(name)
        except PluginError as error:
            count = plural(len(error.problems), "problem")
            entry["problem"] = f"{count}; see: negosim questions validate {name}"
            rows.append([name, "-", "-", f"WRONG: {entry['problem']}", source.origin])
        else:
            seen = [perspective.replace("_", " ") for perspective in loaded.perspectives]
            asked = [question.id for question in loaded.questions]
            entry |= {"title": loaded.title, "questions": asked, "perspectives": list(loaded.perspectives)}
            rows.append([name, str(len(asked)), ", ".join(seen), loaded.title, source.origin])
        if json:
            typer.echo(orjson.dumps(entry).decode())
    if not json:
        headings = ("id", "questions", "asked of", "about", "from")
        print_rows(console_for(), headings, rows, whole=("id",), numbers=("questions",))
        typer.echo(f"made for each run, without a file: {', '.join(BUILT_IN_QUESTIONNAIRES)}")


def show(
    questions: Annotated[str, typer.Argument(metavar="ID|PATH")],
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", "-s", metavar="ID|PATH", help="Whose questions 'resolution' has."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the question set as JSON.")] = False,
) -> None:
    """Show a question set: every question with its scale or options, and its example."""
    if questions == "resolution":
        if scenario is None:
            raise typer.BadParameter("say of which scenario, as each has its own", param_hint="--scenario")
        loaded = resolution_set(load_scenario(scenario))
        if loaded is None:
            typer.echo(f"{scenario} has no resolution questions")
            return
    else:
        loaded = load_question_set(questions)
    if json:
        typer.echo(loaded.model_dump_json(indent=2))
    else:
        print_view(console_for(), questions_view(loaded))


def validate(
    questions: Annotated[list[str], typer.Argument(metavar="PATH...", help="Question sets, or ids.")],
) -> None:
    """Check question sets: every problem with its line and field. Exit code 2 if one is wrong."""
    wrong = False
    for reference in questions:
        try:
            asked = load_question_set(reference).questions
        except UserError as error:
            typer.echo(clean(str(error)), err=True)
            wrong = True
            continue
        typer.echo(f"{reference}: ok: {plural(len(asked), 'question')}")
    if wrong:
        raise typer.Exit(2)
