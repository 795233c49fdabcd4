"""Sources as they lie around: odd dates, gaps, byte-order marks, silent roles, raters who skip."""

import json
from pathlib import Path
from typing import Any

import pytest

from negosim import Run, import_dialogues
from negosim.errors import UserError
from negosim.importing import ImportedDialogue, read_source
from negosim.importing._source import ImportOptions

SAID = [("Ada", "Is it there?"), ("Bo", "Yes\nwith a bell: 50?"), ("Ada", "Fine.")]

CHATS = {
    "telegram": "Ada, [12.03.2024 14:03]\nIs it there?\n\nBo, [12.03.2024 14:05]\nYes\nwith a bell: 50?\n\n"
    "Ada, [12.03.2024 14:06]\nFine.\n",
    "discord": "[12-Mar-24 02:03 PM] Ada\nIs it there?\n\n[12-Mar-24 02:05 PM] Bo\nYes\nwith a bell: 50?\n\n"
    "[12-Mar-24 02:06 PM] Ada\nFine.\n",
    "discord, copied": "Ada \u2014 12/03/2024 14:03\nIs it there?\nBo \u2014 Today at 14:05\nYes\n"
    "with a bell: 50?\nAda \u2014 Today at 2:06 PM\nFine.\n",
    "slack": "Ada  2:03 PM\nIs it there?\nBo  2:05 PM\nYes\nwith a bell: 50?\nAda  2:06 PM\nFine.\n",
    "whatsapp, 12 hours": "3/12/24, 2:03\u202fPM - Ada: Is it there?\n3/12/24, 2:05\u202fPM - Bo: Yes\n"
    "with a bell: 50?\n3/12/24, 2:06\u202fPM - Ada: Fine.\n",
    "ISO": "2024-03-12T14:03:22Z Ada: Is it there?\n2024-03-12T14:05:00Z Bo: Yes\nwith a bell: 50?\n"
    "2024-03-12T14:06:00Z Ada: Fine.\n",
    "IRC with dates": "2024-03-12 14:03:22 <Ada> Is it there?\n2024-03-12 14:05:00 <Bo> Yes\n"
    "with a bell: 50?\n2024-03-12 14:06:00 <Ada> Fine.\n",
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("form", CHATS)
def test_a_time_with_a_name_begins_a_message(form: str, ending: str, tmp_path: Path) -> None:
    text = "\ufeff" + CHATS[form].replace("\n", ending)
    (tmp_path / "chat.txt").write_bytes(text.encode())
    (found,) = read_source(tmp_path / "chat.txt").dialogues()
    assert told(found) == SAID


def test_what_stands_around_an_export_is_no_dialogue(tmp_path: Path) -> None:
    line = "=" * 62
    head = f"{line}\nGuild: Bikes\nChannel: General / deals\n{line}\n\n"
    (tmp_path / "chat.txt").write_text(f"{head}{CHATS['discord']}\n{line}\nExported 3 message(s)\n{line}\n")
    source = read_source(tmp_path, bad_rows="stop")
    (found,) = source.dialogues()
    assert told(found) == SAID
    assert source.drops.altered == {"lines without a speaker left out": 3}


def told(found: ImportedDialogue) -> list[tuple[str, str]]:
    return [(found.scenario.roles[turn.role].name, turn.text) for turn in found.turns]


def lines(folder: Path, *rows: Any) -> Path:
    file = folder / "talks.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def by_bo_and_ada(**more: Any) -> list[dict[str, Any]]:
    """Return two dialogues of the same two, the second of which is opened by the other one."""
    ada, bo = {"speaker": "Ada", "text": "Hi"}, {"speaker": "Bo", "text": "Ho"}
    return [{"id": 1, "turns": [ada, bo]}, {"id": 2, "turns": [bo, ada], **more}]


def sheets(run: Run) -> dict[tuple[str, str], Any]:
    """Return answers by perspective and question, with agent and turn."""
    return {
        (sheet.perspective, one.question): (one.agent, one.turn, one.value)
        for sheet in run.judgements()
        for one in sheet.judgements
    }


def test_rewards_and_ratings_belong_to_who_they_are_about_whoever_speaks_first(tmp_path: Path) -> None:
    ratings = [
        {"question": "trust", "value": 4, "by_speaker": "Ada"},
        {"question": "ease", "value": 2, "about": 1},
    ]
    run = import_dialogues(
        lines(tmp_path, *by_bo_and_ada(ratings=ratings, rewards=[0.25, None])), tmp_path / "r"
    )
    second = list(run)[1]
    names = [role.name for role in run.scenario_of(second).roles]
    ada, bo = names.index("Ada"), names.index("Bo")
    assert second.outcome.rewards is not None
    assert second.outcome.rewards[bo] == 0.25  # of who speaks first, as there are no roles
    found = sheets(run)
    assert found[f"agent_{ada + 1}", "trust"] == (ada, None, 4)
    assert found["third_party", "ease"] == (bo, None, 2)


def test_roles_of_a_known_scenario_are_counted_in_its_order(tmp_path: Path) -> None:
    from negosim.scenarios import load_scenario

    roles = load_scenario("viatex").roles
    turns = [{"speaker": roles[1].name, "text": "Hi"}, {"speaker": roles[0].id, "text": "Ho"}]
    ratings = [{"question": "trust", "value": 4, "by_speaker": roles[1].name}]
    ratings += [{"question": "ease", "value": 2, "about": 1}]
    row = {"id": 1, "scenario": "viatex", "turns": turns, "ratings": ratings}
    run = import_dialogues(lines(tmp_path, row), tmp_path / "run")
    assert [turn.role for turn in next(iter(run)).turns] == [1, 0]
    assert sheets(run)["agent_2", "trust"][0] == 1
    assert sheets(run)["third_party", "ease"][0] == 0


def test_ratings_of_utterances_move_with_them_where_an_empty_one_is_left_out(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "turns": [{"speaker": who, "text": text} for who, text in [("A", "Hi"), ("B", " "), ("B", "Ho")]],
        "ratings": [{"question": "rude", "value": turn - 1, "turn": turn} for turn in (2, 3)],
    }
    run = import_dialogues(lines(tmp_path, row), tmp_path / "run")
    assert sheets(run) == {("third_party", "rude"): (None, 1, 2)}
    assert run.header.imported is not None
    assert run.header.imported.altered == {
        "ratings of utterances without text left out": 1,
        "utterances without text left out": 1,
    }


def test_a_role_that_keeps_silent_takes_part(tmp_path: Path) -> None:
    roles = [
        {"name": name, "participant": who} for name, who in [("C", "gpt"), ("A", "human"), ("B", "human")]
    ]
    turns = [{"speaker": "A", "text": "Hi"}, {"speaker": "B", "text": "Ho"}]
    row = {"id": 1, "roles": roles, "turns": turns, "rewards": [1, 2, 3]}
    run = import_dialogues(lines(tmp_path, row), tmp_path / "run")
    (dialogue,) = run
    assert [role.name for role in run.scenario_of(dialogue).roles] == ["C", "A", "B"]
    assert dialogue.models == ("gpt", "human", "human")
    assert dialogue.outcome.rewards == (1, 2, 3)
    with pytest.raises(UserError, match="rewards: 2 for 3 roles"):
        import_dialogues(lines(tmp_path, row | {"rewards": [1, 2]}), tmp_path / "x", bad_rows="stop")


def test_turns_without_words_in_a_known_scenario_are_left_out(tmp_path: Path) -> None:
    turns = [{"speaker": "A", "text": "Hi"}, {"speaker": "B", "text": ""}, {"speaker": "B", "text": "Ho"}]
    (dialogue,) = import_dialogues(
        lines(tmp_path, {"id": 1, "scenario": "viatex", "turns": turns}), tmp_path / "run"
    )
    assert [turn.utterance.text for turn in dialogue.turns] == ["Hi", "Ho"]
    with pytest.raises(UserError, match="nobody says anything"):
        import_dialogues(lines(tmp_path, {"id": 1, "turns": turns[1:2]}), tmp_path / "x", bad_rows="stop")


@pytest.mark.parametrize(
    "places", [["1", "2", "3"], ["2024-03-12T14:03:22Z", "2024-03-12T14:05:00Z", "2025-01-01"]]
)
def test_a_table_of_excel_has_semicolons_and_is_sorted_by_number_or_time(
    places: list[str], tmp_path: Path
) -> None:
    rows = zip(
        places, ["Ada", "Bo", "Ada"], ["Is it there?", '"Yes\nwith a bell: 50?"', "Fine."], strict=True
    )
    body = [f"t;{place};{who};{text}" for place, who, text in rows]
    text = "\ufeffsep=;\nconv_id;timestamp;speaker;text\n" + "\n".join(reversed(body)) + "\n"
    (tmp_path / "talk.csv").write_bytes(text.replace("\n", "\r\n").encode())
    source = read_source(tmp_path)
    (found,) = source.dialogues()
    assert [(who, " ".join(text.split())) for who, text in told(found)] == [
        (who, " ".join(text.split())) for who, text in SAID
    ]
    assert source.drops.altered == {"rows out of order sorted by turn (dialogues)": 1}


def test_turns_far_apart_are_no_gaps(tmp_path: Path) -> None:
    (tmp_path / "talk.csv").write_text("dialogue,turn,speaker,text\nt,1,A,Hi\nt,1710252202000,B,Ho\n")
    source = read_source(tmp_path, options=ImportOptions())
    (found,) = source.dialogues()
    assert [turn.text for turn in found.turns] == ["Hi", "Ho"]
    assert not source.drops.altered


def test_grades_are_read_from_text_and_gaps_are_not_applicable(tmp_path: Path) -> None:
    annotations = {"Fluent": ["3", "NA", None, 2.5, "nan"], "Fun": []}
    row = {"context": "User: Hi!\nSystem: Hello.", "system": "M", "annotations": annotations}
    (found,) = read_source(lines(tmp_path, row)).dialogues()
    assert [rating.value for rating in found.ratings] == [3, None, None, 2.5, None]


def test_logs_of_inspect_with_tools_are_read(tmp_path: Path) -> None:
    call = {"id": "c", "function": "search", "arguments": {"q": "bike"}, "type": "function"}
    messages = [
        {"role": "system", "content": "Sell it."},
        {"role": "user", "content": [{"type": "text", "text": "Is it there?"}]},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "one bike", "tool_call_id": "c", "function": "search"},
        {
            "role": "assistant",
            "content": [{"type": "reasoning", "reasoning": "..."}, {"type": "text", "text": "Yes"}],
        },
    ]
    scores = {
        "match": {"value": "C"},
        "panel": {"value": {"fair": 3, "kind": None}},
        "odd": {"value": [1, 2]},
    }
    samples = [{"id": 1, "epoch": 2, "messages": messages, "target": ["yes"], "scores": scores}]
    samples += [{"id": 2, "epoch": 1, "target": "", "scores": None}]
    log = {"version": 2, "status": "success", "eval": {"task": "sale", "model": "m/x"}, "samples": samples}
    (tmp_path / "log.json").write_text(json.dumps(log))
    source = read_source(tmp_path / "log.json")
    (found,) = source.dialogues()
    assert told(found) == [("User", "Is it there?"), ("Assistant", "Yes")]
    assert {rating.question: rating.value for rating in found.ratings} == {
        "match": True,
        "fair": 3,
        "kind": None,
        "odd": None,
    }
    assert found.participants == ("human", "m/x")
    assert source.drops.problems == ["log.json, sample 2: no sample of inspect_ai (KeyError: 'messages')"]


@pytest.mark.parametrize("rows", ['{"a": 1}\n{"a": 2}\n', "Hello.\nThis is no chat at all.\n", ""])
def test_what_is_no_dialogue_is_refused_with_what_can_be_read(rows: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(rows)
    (tmp_path / "x.txt").write_text(rows)
    for file in ("x.jsonl", "x.txt"):
        with pytest.raises(UserError, match=r"holds nothing that can be read|not valid JSON"):
            import_dialogues(tmp_path / file, tmp_path / "run")
