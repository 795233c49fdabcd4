"""Small imported runs with labelled utterances."""

import json
from pathlib import Path

import pytest

from negosim.importing import import_dialogues
from negosim.store import Run

LABELLED = (
    ("Hi, are you looking forward to camping?", "small-talk"),
    ("Yes! I need the firewood, my kids get cold.", "self-need"),
    ("What do you need most, food or water?", "elicit-pref"),
    ("Take 2 food and three waters, that is fair.", "promote-coordination,vouch-fair"),
    ("Okay.", "non-strategic"),
)


def casino_row(number: int, said: tuple[tuple[str, str], ...] = LABELLED, *, labelled: bool = True) -> dict:
    agents = ("mturk_agent_1", "mturk_agent_2")
    side = {
        "value2issue": {"Low": "Water", "Medium": "Food", "High": "Firewood"},
        "value2reason": {"Low": "a", "Medium": "b", "High": "c"},
        "outcomes": {"points_scored": 18, "satisfaction": "Undecided", "opponent_likeness": "Undecided"},
    }
    logs = [{"text": text, "task_data": {}, "id": agents[place % 2]} for place, (text, _) in enumerate(said)]
    share = {"Firewood": "1", "Water": "2", "Food": "1"}
    deal = {
        "issue2youget": share,
        "issue2theyget": {key: str(3 - int(value)) for key, value in share.items()},
    }
    logs += [
        {"text": "Submit-Deal", "task_data": deal, "id": agents[0]},
        {"text": "Accept-Deal", "task_data": {}, "id": agents[1]},
    ]
    return {
        "dialogue_id": number,
        "chat_logs": logs,
        "participant_info": dict.fromkeys(agents, side),
        "annotations": [list(item) for item in said] if labelled else [],
    }


def rows(count: int) -> list[dict]:
    """Return dialogues that differ, the later ones with more needs of one's own."""
    found = []
    for number in range(count):
        needs = tuple(
            (f"I need firewood for night {place} of trip {number}.", "self-need") for place in range(number)
        )
        first = (f"Hi, this is my camping trip {number} to lake {number * 7}!", "small-talk")
        found.append(casino_row(number, (first, *LABELLED[1:], *needs)))
    return found


@pytest.fixture
def casino(tmp_path: Path) -> Run:
    """Return an imported run of six labelled dialogues, and one that nobody labelled."""
    source = tmp_path / "casino.json"
    source.write_text(json.dumps([*rows(6), casino_row(99, labelled=False)]))
    return import_dialogues(source, tmp_path / "casino", format="casino")
