"""Imported dialogues are records like any other, and have all that their source has."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from negosim import Run, RunConfig, generate, import_dialogues
from negosim.errors import UserError
from negosim.importing import ImportedDialogue, Importer, Said, conversation, read_source
from negosim.judging import load_question_set
from negosim.measures import calibration, judged_rows, people_as_truth
from negosim.registry import importer
from negosim.reports import comparison_of_runs
from negosim.rl import prepare, read_trajectories

SHARED = Path(__file__).resolve().parents[3] / "shared"


def there(*parts: str) -> Path:
    """Return a file or folder beside the repository, or skip the test."""
    place = SHARED.joinpath(*parts)
    if not place.exists():
        pytest.skip(f"{place} is not there")
    return place


def written(folder: Path, name: str, *rows: Any) -> Path:
    file = folder / name
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


@pytest.mark.parametrize("form", ["convokit", "csv"])
def test_awkward_files_have_what_their_publishers_say(form: str, tmp_path: Path) -> None:
    expected = json.loads(there("cases", "foreign", "expected.json").read_text())[form]
    run = import_dialogues(there("cases", "foreign", form), tmp_path / "run")
    found = {dialogue.id: dialogue for dialogue in run}
    assert len(run) == expected["dialogues"]
    for id, speakers in expected["speakers"].items():
        assert [role.name for role in run.scenario_of(found[id]).roles] == speakers
        assert len(found[id].turns) == expected["turns"][id]
    assert all(set(dialogue.models) == {"human"} for dialogue in run)
    assert {dialogue.condition.name for dialogue in run} == {"unknown"}


def counts(folder: str) -> tuple[int, int]:
    """Return dialogues and utterances of a published set, parsed without negosim."""
    place = there("data", folder)
    rows: list[Any]
    if folder == "casino":
        rows = [row for file in place.glob("*.json") for row in json.loads(file.read_text())]
        return len(rows), sum(len(row["chat_logs"]) for row in rows)
    if folder == "craigslistbargain":
        rows = json.loads((place / "validation.json").read_text())
        spoken = [e for r in rows for e in r["events"] if e["action"] != "message" or e["data"].strip()]
        return len(rows), len(spoken)
    if folder == "job_interview":
        with (place / "ji_dacts.train.csv").open(newline="") as file:
            texts = [row["text"].replace("<end>", "<sep>") for row in csv.DictReader(file)]
        return len(texts), sum(bool(part.strip()) for text in texts for part in text.split("<sep>"))
    if folder == "persuasion_for_good":
        with (place / "full_dialog.csv").open(newline="", encoding="utf-8-sig") as file:
            units = list(csv.DictReader(file))
        return len({unit["B2"] for unit in units}), len({(u["B2"], u["Turn"], u["B4"]) for u in units})
    rows = [json.loads(line) for line in (place / "multiesc" / "valid.txt").read_text().splitlines()]
    failed = json.loads((place / "FailedESConv.json").read_text())
    rows += [
        row for row in failed if row["survey_score"]["seeker"].get("final_emotion_intensity") is not None
    ]
    return len(rows), sum(len(row["dialog"]) for row in rows)


@pytest.mark.parametrize(
    "folder", ["casino", "craigslistbargain", "job_interview", "esconv", "persuasion_for_good"]
)
def test_published_sets_have_as_many_as_an_independent_parse(folder: str) -> None:
    found = list(read_source(there("data", folder)).dialogues())
    assert (len(found), sum(len(dialogue.turns) for dialogue in found)) == counts(folder)


TALK = {
    "id": "t",
    "roles": [{"name": "Seller", "participant": "gpt-4"}, {"name": "Buyer"}],
    "turns": [
        {"speaker": "Buyer", "text": "100?", "offer": {"price": 100}, "labels": ["low-ball"]},
        {"speaker": "Seller", "text": "Deal.", "action": "accept", "labels": ["agree", "thanks"]},
    ],
    "outcome": "agreement",
    "deal": {"price": 100},
    "rewards": [0.25, 0.75],
    "ratings": [
        {"question": "coherence", "value": 4, "rater": "a"},
        {"question": "coherence", "value": 2, "rater": "b"},
        {"question": "coherence", "value": None, "rater": "c"},
        {"question": "satisfaction", "value": 3, "by_speaker": "Buyer"},
    ],
}


@pytest.fixture
def talk(tmp_path: Path) -> Run:
    return import_dialogues(written(tmp_path, "talks.jsonl", TALK), tmp_path / "run")


def test_a_line_says_who_what_and_what_came_of_it(talk: Run) -> None:
    (dialogue,) = talk
    scenario = talk.scenario_of(dialogue)
    assert dialogue.models == ("gpt-4", "human")
    assert [role.name for role in scenario.roles] == ["Seller", "Buyer"]
    assert scenario.roles[dialogue.opener].name == "Buyer"
    assert [turn.utterance.action for turn in dialogue.turns] == ["offer", "accept"]
    assert dialogue.outcome.deal == {"price": 100}
    assert dialogue.outcome.rewards == (0.25, 0.75)
    assert not scenario.has_deals  # what a price is worth is not known


def test_what_people_said_comes_in_as_judgements(talk: Run) -> None:
    found = {
        (sheet.judge, sheet.perspective, one.question, one.turn): one.value
        for sheet in talk.judgements()
        for one in sheet.judgements
    }
    assert found["person:a", "third_party", "coherence", None] == 4
    assert found["person:b", "third_party", "coherence", None] == 2
    assert found["person:c", "third_party", "coherence", None] is None
    assert found["person:annotators", "agent_2", "satisfaction", None] == 3
    assert found["person:annotators", "third_party", "thanks", 1] is True
    assert found["person:annotators", "third_party", "thanks", 0] is False
    for file in (talk.path / "questions").glob("*.yaml"):
        assert load_question_set(str(file)).questions


def test_a_run_that_was_imported_is_prepared_like_its_source(talk: Run, tmp_path: Path) -> None:
    prepare(talk.path, tmp_path / "a", learner=2)
    prepare(tmp_path / "talks.jsonl", tmp_path / "b", learner=2)
    assert list(read_trajectories(tmp_path / "a")) == list(read_trajectories(tmp_path / "b"))
    (made,) = read_trajectories(tmp_path / "a")
    assert (made.reward, made.turns[0].role, made.turns[0].text) == (0.75, "agent", "100? [offer: price=100]")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"turns": []}, "row 2: turns: "),
        ({"turns": [{"speaker": "Eve", "text": "Hi"}]}, "row 2: turns.speaker: 'Eve' is none of roles"),
        ({"mood": 1}, "row 2: mood: "),
        ({"ratings": [{"question": "x", "value": 1, "turn": 9}]}, "row 2: ratings.turn: 9"),
        ({"condition": "sly"}, "row 2: condition"),
    ],
)
def test_a_bad_line_is_named_and_left_out(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    file = written(tmp_path, "talks.jsonl", TALK, TALK | change)
    with pytest.raises(UserError, match=message):
        import_dialogues(file, tmp_path / "run", bad_rows="stop")
    assert not (tmp_path / "run").exists()
    run = import_dialogues(file, tmp_path / "run")
    assert len(run) == 1
    assert run.header.imported is not None
    assert sum(run.header.imported.left_out.values()) == 1


def test_columns_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b,c\n1,Ada,Hello\n1,Bo,Hi\n")
    columns = {"dialogue": "a", "speaker": "b", "text": "c"}
    with pytest.raises(UserError, match="--columns"):
        import_dialogues(file, tmp_path / "run")
    with pytest.raises(UserError, match="there is no column 'x'; there are a, b, c"):
        import_dialogues(file, tmp_path / "run", format="table", columns=columns | {"text": "x"})
    (dialogue,) = import_dialogues(file, tmp_path / "run", columns=columns)
    assert [turn.utterance.text for turn in dialogue.turns] == ["Hello", "Hi"]


CHATS = {
    "whatsapp": "[12/03/24, 14:03:22] Ada: Is it there?\n[12/03/24, 14:05:00] Bo: Yes\nwith a bell\n"
    "[12/03/24, 14:06:00] Ada: 50?\n",
    "android": "12/03/2024, 14:03 - Ada: Is it there?\n12/03/2024, 14:04 - Messages are encrypted\n"
    "12/03/2024, 14:05 - Bo: Yes\nwith a bell\n12/03/2024, 14:06 - Ada: 50?\n",
    "irc": "[14:03] <Ada> Is it there?\n[14:05] <Bo> Yes\nwith a bell\n[14:06] <Ada> 50?\n",
    "plain": "Ada: Is it there?\nBo: Yes\nwith a bell\n\nAda: 50?\n",
}


@pytest.mark.parametrize("form", CHATS)
def test_chats_are_read(form: str, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(CHATS[form])
    (found,) = read_source(tmp_path / "chat.txt").dialogues()
    assert [turn.text for turn in found.turns] == ["Is it there?", "Yes\nwith a bell", "50?"]
    assert [role.name for role in found.scenario.roles] == ["Ada", "Bo"]


def test_chats_with_assistants_are_read(tmp_path: Path) -> None:
    said = [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hi?"}]
    said.append({"from": "gpt", "value": "Hello."})
    for content in ([{"id": "a", "conversations": said}], {"items": [{"id": "a", "items": said}]}):
        (tmp_path / "chats.json").write_text(json.dumps(content))
        (found,) = read_source(tmp_path / "chats.json").dialogues()
        assert (found.id, found.participants) == ("a", ("human", "gpt"))
        assert found.scenario.roles[1].brief == "Be brief."


def test_grades_of_several_raters_are_read(tmp_path: Path) -> None:
    row = {"context": "User: Hi!\nSystem: Hello.", "system": "M", "annotations": {"Fluent": [1, "N/A", 2]}}
    (found,) = read_source(written(tmp_path, "fed.json", row)).dialogues()
    assert [(rating.judge, rating.value) for rating in found.ratings] == [
        ("person:rater-1", 1),
        ("person:rater-2", None),
        ("person:rater-3", 2),
    ]


def test_an_importer_can_be_registered(tmp_path: Path) -> None:
    def read(files: Any, options: Any, drops: Any) -> Any:
        for file in files:
            said = [Said(n % 2, line) for n, line in enumerate(file.path.read_text().splitlines())]
            yield ImportedDialogue(file.label, file.name, conversation("lines", ("A", "B")), said)

    importer("lines-of-a-test")(
        Importer(title="Lines", recognises=lambda file, rows: file.suffix == ".talk", read=read)
    )
    (tmp_path / "x.talk").write_text("Hi\nHo\n")
    (dialogue,) = import_dialogues(tmp_path / "x.talk", tmp_path / "run")
    assert [turn.utterance.text for turn in dialogue.turns] == ["Hi", "Ho"]


def test_judges_are_held_against_people(talk: Run) -> None:
    people = [sheet for sheet in talk.judgements() if sheet.judge == "person:annotators"]
    with talk.judging() as writer:
        for sheet in people:
            if sheet.perspective == "third_party":
                writer.append(sheet.model_copy(update={"judge": "openai:same", "fingerprint": "x"}))
    frame = judged_rows(talk)
    found = {each.question: each for each in calibration(people_as_truth(frame))}
    assert found.keys() == {"low-ball", "agree", "thanks"}
    assert all(
        (each.judge, each.n, each.accuracy.value) == ("openai:same", 2, 1.0) for each in found.values()
    )


def test_people_and_models_are_compared_as_populations(talk: Run, tmp_path: Path) -> None:
    lines = [
        TALK | {"id": number, "outcome": "agreement" if number % 3 else "no_agreement"}
        for number in range(12)
    ]
    people = import_dialogues(written(tmp_path, "people.jsonl", *lines), tmp_path / "people")
    simulated = generate(RunConfig(scenarios="viatex", planner="direct", dialogues=6), out=tmp_path / "sim")
    made = comparison_of_runs(people, simulated)
    (section,) = [section for section in made.sections if section.key == "comparison"]
    tables: list[Any] = [block for block in section.blocks if hasattr(block, "rows")]
    rows = {str(row[0]): row for row in tables[0].rows}
    assert rows["agreement"][1].value == pytest.approx(8 / 12)
    assert rows["agreement"][5].n == 18
    assert "distinct words (distinct-1)" in rows
