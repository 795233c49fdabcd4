"""Examples of attitudes: who had said what when it was asked how far it shares a statement."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from negosim._fields import Text
from negosim._files import first_error, unreadable
from negosim._frozen import Frozen
from negosim._reading import read_json
from negosim.errors import UserError
from negosim.planners.attitudes import CLASSES, AttitudeSource
from negosim.records import Dialogue
from negosim.scenarios import Answer, Measure, Scenario
from negosim.store import Run


class AttitudeExample(Frozen):
    """One line of a file of examples, or one answer to a measure in a run."""

    statement: Text
    agreement: Annotated[int, Field(ge=0, le=CLASSES - 1, strict=True)]
    """0 disagrees, 1 partly disagrees, 2 is neutral, 3 partly agrees, 4 agrees."""
    said: tuple[str, ...] = ()
    """What the one who was asked had said by then."""
    heard: tuple[str, ...] = ()
    """What others had said."""
    dialogue: str = ""
    """Examples of one dialogue are held out together; "": the line stands alone."""


def read_examples(
    sources: Sequence[str], statements: Mapping[str, str]
) -> tuple[list[AttitudeExample], list[AttitudeSource]]:
    """Read examples from run folders and JSONL files.

    Args:
        sources: run folders, and files with an `AttitudeExample` a line.
        statements: by a measure's id in the runs: the statement that it asks agreement with. Where a scenario
            has a claim and one scale that is asked before and after, the claim is that scale's statement.

    Raises:
        UserError: a source cannot be read, has no examples, or a measure has no statement.

    """
    examples, told = list[AttitudeExample](), list[AttitudeSource]()
    for place, source in enumerate(sources):
        path = Path(source).expanduser()
        found = list(_of_run(path, statements) if path.is_dir() else _of_file(path))
        if not found:
            raise UserError(f"{source}: has no examples")
        digest = hashlib.sha256()
        for one in found:
            digest.update(one.model_dump_json().encode() + b"\n")
        told.append(
            AttitudeSource(name=path.name, digest=f"sha256:{digest.hexdigest()[:16]}", examples=len(found))
        )
        # Dialogues of two sources are two, whatever they are called.
        examples += [one.model_copy(update={"dialogue": f"{place}/{one.dialogue}"}) for one in found]
    return examples, told


def _of_file(path: Path) -> Iterator[AttitudeExample]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error, "give a run folder or a .jsonl file of examples") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        data, problems = read_json(line)
        if problems:
            raise UserError(f"{path}, line {number}: {problems[0].what}")
        try:
            example = AttitudeExample.model_validate(data)
        except ValidationError as error:
            raise UserError(f"{path}, line {number}: {first_error(error)}") from None
        yield example if example.dialogue else example.model_copy(update={"dialogue": f"line {number}"})


def _of_run(path: Path, statements: Mapping[str, str]) -> Iterator[AttitudeExample]:
    run = Run.open(path)
    asked: dict[str, Measure] = {}
    for dialogue in run:
        scenario = run.scenario_of(dialogue)
        asked |= {measure.id: measure for measure in scenario.measures}
        yield from _of_dialogue(dialogue, _asked(scenario, statements, str(path)))
    if missing := set(statements) - set(asked):
        raise UserError(
            f"{path}: no measure {', '.join(map(repr, sorted(missing)))}; there is {', '.join(sorted(asked))}"
            if asked
            else f"{path}: its scenarios have no measures; give runs of scenarios that ask for attitudes"
        )


def _asked(scenario: Scenario, statements: Mapping[str, str], path: str) -> dict[str, tuple[Measure, str]]:
    """Return the measures that ask for an attitude, by id, each with its statement."""
    scales = {one.id: one for one in scenario.measures if one.answer in ("scale", "yes_no") and not one.about}
    known = {one.id for one in scenario.measures}
    if wrong := sorted((set(statements) & known) - set(scales)):
        raise UserError(
            f"{path}: measure {wrong[0]!r} asks for no agreement; it takes a scale or yes_no, about nobody"
        )
    found = {id_: (scales[id_], text) for id_, text in statements.items() if id_ in scales}
    if found or scenario.claim is None:
        return found
    held = [one for one in scales.values() if {"before", "after"} <= set(one.when)]
    if len(held) != 1:
        raise UserError(
            f"{path}: say which measure of {scenario.id!r} asks for what, as --statement "
            f"ID='what one agrees with'; there is {', '.join(sorted(scales)) or 'none that does'}"
        )
    return {held[0].id: (held[0], scenario.claim)}


def _of_dialogue(dialogue: Dialogue, asked: Mapping[str, tuple[Measure, str]]) -> Iterator[AttitudeExample]:
    for answer in dialogue.measurements:
        if answer.measure not in asked or answer.value is None:
            continue
        measure, statement = asked[answer.measure]
        turns = dialogue.turns[: answer.turns]
        yield AttitudeExample(
            statement=statement,
            agreement=_agreement(measure, answer.value),
            said=tuple(turn.utterance.text for turn in turns if turn.role == answer.role),
            heard=tuple(turn.utterance.text for turn in turns if turn.role != answer.role),
            dialogue=dialogue.id,
        )


def _agreement(measure: Measure, answer: Answer) -> int:
    if measure.answer == "yes_no":
        return (CLASSES - 1) * int(answer is True)
    low, high = measure.grades[0], measure.grades[-1]
    assert isinstance(answer, int | float)
    return round((CLASSES - 1) * (answer - low) / (high - low))
