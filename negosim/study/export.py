"""Export of a study: a run folder, people's ratings as judgements, and tidy tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import yaml

from negosim._csv import csv_text
from negosim._files import check_free, write_whole
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.records import HUMAN, PERSON, Dialogue, Judgement, Sheet, agent_perspective
from negosim.scenarios import Scenario, load_scenario
from negosim.store import Fingerprint, ImportOrigin, Run, RunHeader, whole_run
from negosim.study._order import letters
from negosim.study._schema import Study, StudyQuestion
from negosim.study.storage import Row, StudyStore

FOLDER = "study"
"""In the run folder: the tables, and the study's file."""
SURVEY = "survey"
"""Id of the question set that people's ratings answer."""
_MET = ("person", "block", "agent", "called", "place", "number")
HEADS = {
    "people": (
        *("person", "status", "cell", "stands_at", "position", "stages"),
        *("consented", "last_seen", "finished"),
    ),
    "conversations": (
        *(*_MET, "dialogue", "status", "end", "utterances"),
        *("started", "finished", "failure"),
    ),
    "answers": (*_MET, "form", "question", "moment", "value", "at"),
    "codebook": ("form", "question", "text", "answer", "values"),
}
"""Columns of the tables."""
MISSING = ""
"""In a table: not asked, left out, or not reached; the codebook says which columns can be."""


def export_study(store: StudyStore, out: str | Path) -> Run:
    """Write what people did as a run folder, with their ratings as judgements and tables beside.

    The folder appears whole or not at all. Nobody's link is in it, and nothing of who has withdrawn.

    Args:
        store: the study; it may still be going on.
        out: the folder to make.

    Returns:
        The run. Its `study` folder has `people.csv`, `conversations.csv`, `answers.csv`, `codebook.csv` and
        the study's file.

    Raises:
        UserError: nobody has had a conversation yet, or the folder cannot be written.

    """
    target = Path(out).expanduser()
    check_free(target)
    study = _Exported(store)
    if not study.dialogues:
        raise UserError("there is no conversation to export yet: nobody has come to the end of one")
    with whole_run(target) as part:
        run = Run.create(part, study.header())
        with run.writing() as writer:
            for dialogue in study.dialogues:
                writer.append(dialogue)
        with run.judging() as sheets:
            for sheet in study.sheets():
                sheets.append(sheet)
        asked = _question_set(study.study)
        if asked:
            write_whole(part / "questions" / f"{SURVEY}.yaml", asked.encode())
        for name, rows in study.tables().items():
            write_whole(part / FOLDER / f"{name}.csv", _csv(name, rows).encode())
        write_whole(part / FOLDER / "study.yaml", str(store.about["text"]).encode())
    return Run.open(target)


def called(number: int) -> str:
    """Return what a person is called outside of the study."""
    return f"p{number:04d}"


class _Exported:
    """A study as it is written out."""

    def __init__(self, store: StudyStore) -> None:
        self.store, self.study = store, store.study
        self.people = {row["number"]: row for row in store.people() if row["consented"]}
        self.talks = [row for row in store.talks() if row["person"] in self.people and not row["practice"]]
        self.answers = [row for row in store.answers() if row["person"] in self.people]
        self.scenarios = {
            block.id: block.played(load_scenario(block.scenario)) for block in self.study.blocks
        }
        self.orders = {n: orjson.loads(row["orders"]) for n, row in self.people.items()}
        self.letters = {n: letters(order) for n, order in self.orders.items()}
        records = [(talk, self._dialogue(talk)) for talk in self.talks if talk["dialogue"]]
        self.dialogues = [dialogue for _, dialogue in records]
        self._ids = {talk["id"]: dialogue.id for talk, dialogue in records}

    def _id(self, talk: Row) -> str:
        letter = self._letter(talk).removeprefix("Agent ").lower()
        return f"{talk['block']}.{called(talk['person'])}.{letter}{talk['number']}"

    def _letter(self, row: Row) -> str:
        return self.letters[row["person"]].get((row["block"], row["agent"]), "")

    def _agent(self, row: Row) -> str:
        return self.study.block(row["block"]).agents[row["agent"]].name if row["block"] else ""

    def _place(self, row: Row) -> int:
        """Return as how manyth the person met the agent, over all blocks, from 1."""
        return list(self.letters[row["person"]]).index((row["block"], row["agent"])) + 1

    def _dialogue(self, talk: Row) -> Dialogue:
        """Return the record under the person's number: conversations of one person belong together."""
        dialogue = Dialogue.model_validate_json(talk["dialogue"])
        facts = {
            "person": called(talk["person"]),
            "block": talk["block"],
            "agent": self._agent(talk),
            "called": self._letter(talk),
            "place": self._place(talk),
            "number": talk["number"],
        }
        own = self.scenarios[talk["block"]]
        apart = own != self._frames()[own.id]
        return dialogue.model_copy(
            update={
                "id": self._id(talk),
                "index": talk["person"],
                "facts": facts,
                "own_scenario": own if apart else None,
            }
        )

    def _frames(self) -> dict[str, Scenario]:
        """Return the scenarios by id; of several blocks with one, the first block's."""
        return {one.id: one for one in reversed(list(self.scenarios.values()))}

    def header(self) -> RunHeader:
        """Return the header of the run."""
        names = dict.fromkeys(agent.model for block in self.study.blocks for agent in block.agents)
        conditions = dict.fromkeys(block.condition.name for block in self.study.blocks)
        origin = ImportOrigin(
            source="study",
            title=self.study.title,
            licence="",
            note="conversations of people with agents; index is the person, facts say who met whom when",
            settings={"study": self.study.id, "people": len(self.people)},
        )
        return RunHeader(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            config=RunConfig(
                scenarios=tuple(self._frames()),
                dialogues=1,
                conditions=tuple(conditions),
                models=(*names, HUMAN),
                planner="direct",
                seed=self.study.seed,
            ),
            fingerprint=Fingerprint.unplayed(),
            scenarios=self._frames(),
            planned=len(self.dialogues),
            imported=origin,
        )

    def sheets(self) -> Iterator[Sheet]:
        """Yield people's ratings: of a conversation, or of an agent on the last one with it."""
        for person in self.people:
            own = [row for row in self.answers if row["person"] == person and row["form"] == "survey"]
            for stage in dict.fromkeys(
                (row["position"], row["block"], row["agent"], row["number"]) for row in own
            ):
                position, block, agent, number = stage
                ids = [
                    self._ids[talk["id"]]
                    for talk in self.talks
                    if (talk["person"], talk["block"], talk["agent"]) == (person, block, agent)
                    and talk["status"] == "complete"
                    and number in (0, talk["number"])
                ]
                if ids:
                    scenario = self.scenarios[block]
                    role = scenario.role_index[self.study.block(block).role]
                    rows = [row for row in own if row["position"] == position]
                    yield _sheet(ids[-1], called(person), role, len(scenario.roles), rows)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return the tables by name."""
        return {
            "people": [self._person(row) for row in self.people.values()],
            "conversations": [self._conversation(talk) for talk in self.talks],
            "answers": [*map(self._answer, self.answers), *self._measured()],
            "codebook": list(self._codebook()),
        }

    def _person(self, row: Row) -> dict[str, Any]:
        stages = self.store.stages(row)
        return {
            "person": called(row["number"]),
            "status": row["status"],
            "cell": row["cell"],
            "stands_at": stages[row["position"]].kind,
            "position": row["position"],
            "stages": len(stages),
            "consented": row["consented"],
            "last_seen": row["seen"],
            "finished": row["finished"] or MISSING,
        }

    def _about(self, row: Row) -> dict[str, Any]:
        met = bool(row["block"])
        return {
            "person": called(row["person"]),
            "block": row["block"],
            "agent": self._agent(row),
            "called": self._letter(row) if met else MISSING,
            "place": self._place(row) if met else MISSING,
            "number": row["number"] or MISSING,
        }

    def _conversation(self, talk: Row) -> dict[str, Any]:
        record = Dialogue.model_validate_json(talk["dialogue"]) if talk["dialogue"] else None
        return {
            **self._about(talk),
            "dialogue": self._ids.get(talk["id"], MISSING),
            "status": talk["status"],
            "end": record.end if record else MISSING,
            "utterances": len(record.turns) if record else MISSING,
            "started": talk["started"],
            "finished": talk["finished"] or MISSING,
            "failure": talk["failure"] or MISSING,
        }

    def _answer(self, row: Row) -> dict[str, Any]:
        value = MISSING if row["value"] is None else orjson.loads(row["value"])
        return {
            **self._about(row),
            "form": row["form"],
            "question": row["question"],
            "moment": MISSING,
            "value": value,
            "at": row["at"],
        }

    def _measured(self) -> Iterator[dict[str, Any]]:
        """Yield people's private answers before and after conversations, and the rewards."""
        for talk in self.talks:
            if talk["status"] != "complete":
                continue
            record = Dialogue.model_validate_json(talk["dialogue"])
            role = self.scenarios[talk["block"]].role_index[self.study.block(talk["block"]).role]
            base = {**self._about(talk), "form": "measure", "at": talk["finished"]}
            for one in record.measurements:
                if one.role == role and one.status == "ok":
                    yield {**base, "question": one.measure, "moment": one.moment, "value": one.value}
            for partner, reward in enumerate(record.outcome.rewards or ()):
                if partner != role and reward is not None:
                    yield {**base, "form": "reward", "question": "reward", "moment": MISSING, "value": reward}

    def _codebook(self) -> Iterator[dict[str, Any]]:
        """Yield what each question is, and what its values mean."""
        survey = self.study.survey.questions if self.study.survey else ()
        for form, questions in (("questions", self.study.questions), ("survey", survey)):
            for question in questions:
                yield _coded(form, question.id, question.question, question.answer, _values(question))
        for id, scenario in self.scenarios.items():
            for measure in scenario.measures:
                if self.study.block(id).role in measure.asked_of:
                    yield _coded("measure", measure.id, measure.question, measure.answer, measure.wanted)
            yield _coded(
                "reward", "reward", f"What a conversation of {id} was worth to the agent", "number", ""
            )


def _coded(form: str, question: str, text: str, answer: str, values: str) -> dict[str, Any]:
    return {"form": form, "question": question, "text": text, "answer": answer, "values": values}


def _values(question: StudyQuestion) -> str:
    if question.labels:
        return "; ".join(f"{grade} {words}" for grade, words in question.labels.items())
    return "; ".join(f"{option.id} {option.label}" for option in question.options or ())


def _sheet(dialogue: str, person: str, role: int, roles: int, rows: Sequence[Row]) -> Sheet:
    about = next((other for other in range(roles) if other != role), None)
    judgements = []
    for row in rows:
        value = None if row["value"] is None else orjson.loads(row["value"])
        given = {"status": "ok", "value": value} if value is not None else {"status": "refused"}
        judgements.append(
            Judgement.model_validate({"question": _slug(row["question"]), "agent": about, **given})
        )
    return Sheet(
        dialogue=dialogue,
        questions=SURVEY,
        perspective=agent_perspective(role),
        judge=f"{PERSON}{person}",
        fingerprint="study",
        judgements=tuple(judgements),
    )


def _slug(question: str) -> str:
    """Return the id of a question as question sets have it."""
    return question.replace("_", "-")


def _question_set(study: Study) -> str:
    """Return the survey as a question set, so that judges can be asked the same; "" where none can be."""
    if study.survey is None:
        return ""
    kinds: Mapping[str, Callable[[StudyQuestion], dict[str, Any]]] = {
        "likert": lambda one: {"answer": "scale", "scale": dict(one.labels or {})},
        "choice": lambda one: {
            "answer": "choice",
            "options": [option.model_dump(mode="json") for option in one.options or ()],
        },
    }
    asked = [
        {"id": _slug(one.id), "text": one.question, "about": "agent", **kinds[one.answer](one)}
        for one in study.survey.questions
        if one.answer in kinds
    ]
    if not asked:
        return ""
    content = {"id": SURVEY, "title": study.title, "perspectives": ["agents"], "questions": asked}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def _csv(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    return csv_text(HEADS[name], ([row[column] for column in HEADS[name]] for row in rows))
