"""Reading study files: the two that come with negosim by id, any other by path; every problem at once."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from negosim._reading import Location, PluginError, Problem, describe_errors, read_yaml, shown, with_lines
from negosim.agents import Seat, seated
from negosim.engine import plan
from negosim.errors import UserError
from negosim.plugins import anchored, suggest
from negosim.scenarios import Scenario, load_scenario
from negosim.study._schema import Study, StudyAgent, StudyBlock, StudyQuestion, StudySurvey

SUFFIXES = (".yaml", ".yml")


def built_in_studies() -> dict[str, str]:
    """Return the text of each study that comes with negosim, by id."""
    folder = files("negosim.study") / "data"
    found = {
        file.name.removesuffix(".yaml"): file for file in folder.iterdir() if file.name.endswith(".yaml")
    }
    return {id: found[id].read_text(encoding="utf-8") for id in sorted(found)}


def load_study(reference: str) -> Study:
    """Load a study by id ("persuasion") or by the path of its YAML file.

    Args:
        reference: an id of those that come with negosim, or the path of a file.

    Returns:
        The study; scenarios and models named by paths are named by whole ones.

    Raises:
        UserError: there is no such study, or its file cannot be read.
        PluginError: the file is wrong; every problem is listed with its line and field.

    Examples:
        >>> from negosim.study import load_study
        >>> [len(block.agents) for block in load_study("persuasion").blocks]
        [6]

    """
    return parse_study(*text_of(reference))


def text_of(reference: str) -> tuple[str, str, str]:
    """Return the text of a study, what it is called in messages, and the folder that its paths start from.

    Raises:
        UserError: there is no such study, or its file cannot be read.

    """
    path = Path(reference).expanduser()
    if path.suffix not in SUFFIXES and "/" not in reference:
        known = built_in_studies()
        if reference not in known:
            raise UserError(f"no study {reference!r}; {suggest(reference, known)} A path ends in .yaml.")
        return known[reference], f"study {reference}", os.getcwd()
    try:
        return path.read_text(encoding="utf-8-sig"), reference, str(path.absolute().parent)
    except UnicodeDecodeError as error:
        raise UserError(f"{reference}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"no study at {reference!r}: {error.strerror or error}") from None


def parse_study(text: str, name: str, folder: str = ".") -> Study:
    """Return the study that a text is.

    Args:
        text: of its file.
        name: of the file, for messages.
        folder: what its paths of scenarios start from.

    Raises:
        PluginError: it is none; every problem is listed with its line and field.

    """
    data, lines = read_yaml(text, name)
    study, problems = check_study(data, folder)
    if study is None or problems:
        raise PluginError(name, with_lines(problems, lines))
    return study


def check_study(data: object, folder: str = ".") -> tuple[Study | None, list[Problem]]:
    """Validate the content of a study file: its shape, then whatever it names."""
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else f"is a mapping of fields, not {shown(data)}"
        return None, [Problem((), f"a study {what}; begin with 'schema_version: 1'")]
    try:
        study = Study.model_validate(_anchored(data, folder))
    except ValidationError as error:
        return None, describe_errors(error, data)
    problems = [*_check_forms(study), *_check_whole(study)]
    for place, block in enumerate(study.blocks):
        problems += [
            Problem(("blocks", place, *problem.where), problem.what) for problem in _check_block(block, study)
        ]
    return study, problems


def _anchored(data: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return the data with whole paths of scenarios, so that the study means the same from anywhere."""
    blocks = data.get("blocks")
    if not isinstance(blocks, list):
        return dict(data)
    whole = [
        {**block, "scenario": _whole(block["scenario"], folder)}
        if isinstance(block, Mapping) and isinstance(block.get("scenario"), str)
        else block
        for block in blocks
    ]
    return {**data, "blocks": whole}


def _whole(reference: str, folder: str) -> str:
    """Return an id as it is, and a path as one that starts at the root."""
    if anchored(reference) == reference:
        return reference
    return os.path.normpath(os.path.join(os.path.abspath(folder), os.path.expanduser(reference)))


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _check_forms(study: Study) -> Iterator[Problem]:
    forms: list[tuple[tuple[str, ...], tuple[StudyQuestion, ...]]] = [(("questions",), study.questions)]
    if study.survey is not None:
        forms.append((("survey", "questions"), study.survey.questions))
    for where, questions in forms:
        for name in _repeated(question.id for question in questions):
            yield Problem(where, f"two questions are called {name!r}; give each an id of its own")
    for place, question in enumerate(study.questions):
        if "{agent}" in question.question:
            yield Problem(
                ("questions", place, "question"), "{agent} is for the survey; nobody was met before"
            )


def _check_whole(study: Study) -> Iterator[Problem]:
    for name in _repeated(block.id for block in study.blocks):
        yield Problem(("blocks",), f"two blocks are called {name!r}; give each an id of its own")
    if any(block.deceives for block in study.blocks) and study.debriefing is None:
        yield Problem(
            ("debriefing",), "missing; where somebody may lie, people are told so at the end: write what"
        )
    earlier = {"consent": study.consent, "instructions": study.instructions}
    for name, text in earlier.items():
        if study.completion_code in text:
            yield Problem((name,), "contains the completion code, which is shown at the end alone")
    if study.practice is not None and study.practice.block is not None:
        known = [block.id for block in study.blocks]
        if study.practice.block not in known:
            yield Problem(
                ("practice", "block"),
                f"no block {study.practice.block!r}; {suggest(study.practice.block, known)}",
            )
    if study.assign == "one" and len(study.blocks) < 2:
        yield Problem(("assign",), "'one' needs several blocks to choose from; add one, or write 'all'")
    if study.order == "latin-square":
        sizes = {len(block.agents) for block in study.blocks}
        if min(sizes) < 2:
            yield Problem(("order",), "'latin-square' needs at least two agents in each block")
        elif study.assign == "all" and len(sizes) > 1:
            yield Problem(
                ("order",), "'latin-square' over several blocks needs as many agents in each; or 'random'"
            )
    if isinstance(study.survey, StudySurvey) and study.survey.per == "conversation":
        many = max(block.conversations * len(block.agents) for block in study.blocks)
        if study.survey.when == "at_end" and many > 1:
            yield Problem(
                ("survey", "when"), "'at_end' is about agents; a conversation is asked about 'at_once'"
            )


def _check_block(block: StudyBlock, study: Study) -> Iterator[Problem]:
    try:
        scenario = load_scenario(block.scenario)
    except UserError as error:
        yield Problem(("scenario",), str(error).replace("\n", " "))
        return
    if block.role not in scenario.role_index:
        yield Problem(
            ("role",),
            f"no role {block.role!r} in {scenario.id!r}; {suggest(block.role, scenario.role_index)}",
        )
        return
    for name in _repeated(agent.name for agent in block.agents):
        yield Problem(("agents",), f"{name!r} is named twice; name each agent once")
    yield from _check_measures(block, scenario)
    entries: list[tuple[Location, StudyAgent]]
    entries = [(("agents", place), agent) for place, agent in enumerate(block.agents)]
    if study.practice is not None and study.practice.block in (None, block.id):
        entries.append((("agents",), study.practice.agent))
    for where, agent in entries:
        what = "" if agent in block.agents else f"as the practice's agent, {agent.name!r}: "
        if agent.model.partition(":")[0] == "human":
            yield Problem(where, f"{what}an agent is no person; name a model, sim or a policy")
            continue
        try:
            with seated(_no_seat):
                plan(block.config(agent, scenario, study.seed))
        except (UserError, ValueError) as error:
            yield Problem(where, what + str(error).replace("\n", " "))


def _no_seat(role: int) -> Seat:
    raise LookupError("nobody sits anywhere while a study is checked")


def _check_measures(block: StudyBlock, scenario: Scenario) -> Iterator[Problem]:
    for name in _repeated(measure.id for measure in block.measures):
        yield Problem(("measures",), f"two measures are called {name!r}; give each an id of its own")
    for place, measure in enumerate(block.measures):
        try:
            asked = measure.asked_of(block.role)
        except ValidationError as error:
            yield from (
                Problem(("measures", place, *problem.where), problem.what)
                for problem in describe_errors(error)
            )
            continue
        needed = {"number": asked.range, "scale": asked.scale, "choice": asked.options, "yes_no": True}
        field = {"number": "range", "scale": "scale", "choice": "options"}.get(asked.answer, "")
        if not needed[asked.answer]:
            yield Problem(("measures", place, field), f"missing; an answer by {asked.answer} needs it")
