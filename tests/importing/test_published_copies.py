"""Other forms in which published sets are passed on: the hub's Craigslist, Job Interview's dialogues."""

import json
from pathlib import Path
from typing import Any

import pytest

from negosim.importing import import_dialogues, read_source

SIDES = [("seller", 120.0), ("buyer", 80.0)]


def craigslist(moves: list[tuple[int, str, str, float]]) -> dict[str, Any]:
    """Return a row as the hub has it, of (agent, text, intent, price)."""
    agents, texts, intents, prices = zip(*moves, strict=True)
    return {
        "agent_info": {"Role": [role for role, _ in SIDES], "Target": [target for _, target in SIDES]},
        "agent_turn": list(agents),
        "dialogue_acts": {"intent": list(intents), "price": list(prices)},
        "utterance": list(texts),
        "items": {"Title": ["A bicycle"] * 2, "Price": [120.0, 120.0], "Description": ["Red."] * 2},
    }


DEAL = [(1, "Would you take 90?", "init-price", 90.0), (0, "", "offer", 100.0), (1, "", "accept", -1.0)]


@pytest.mark.parametrize("layout", ["lists", "records"])
def test_the_hubs_craigslist_has_moves_and_outcome(layout: str, tmp_path: Path) -> None:
    row = craigslist(DEAL)
    if layout == "records":
        for field in ("agent_info", "dialogue_acts", "items"):
            column = row[field]
            row[field] = [
                dict(zip(column, values, strict=True)) for values in zip(*column.values(), strict=True)
            ]
    pq = pytest.importorskip("pyarrow.parquet")
    import pyarrow as pa

    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "validation-00000-of-00001.parquet")
    (found,) = read_source(tmp_path).dialogues()
    assert [(turn.role, turn.action, turn.labels) for turn in found.turns] == [
        (0, "talk", ("init-price",)),
        (1, "offer", ("offer",)),
        (0, "accept", ("accept",)),
    ]
    assert found.outcome is not None
    assert (found.outcome.status, found.outcome.deal) == ("agreement", {"price": 100})
    assert found.outcome.rewards == (0.5, 0.5)
    assert found.split == "validation"


@pytest.mark.parametrize(
    ("moves", "status"),
    [
        ([*DEAL[:2], (1, "", "reject", -1.0)], "no_agreement"),
        ([*DEAL[:2], (1, "", "", -1.0)], "unknown"),
        ([DEAL[0], (0, "No.", "", -1.0)], "no_agreement"),
        ([*DEAL, (0, "Thanks!", "", -1.0)], "agreement"),
    ],
)
def test_where_a_move_is_missing_the_outcome_is_unknown(moves: Any, status: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(craigslist(moves)) + "\n")
    source = read_source(tmp_path)
    (found,) = source.dialogues()
    assert found.outcome is not None
    assert found.outcome.status == status
    assert sum(source.drops.altered.values()) == (status == "unknown")


def utilities(salary: float, job: float, company: float) -> list[dict[str, Any]]:
    """Return what the issues are worth to one side, as data.json has it."""
    pairs = [
        {"names": {"Position": position, "Company": firm}, "weight": weight}
        for position, firm, weight in (
            ("Sales", "Apple", 1.0),
            ("Sales", "Google", 0.5),
            ("Designer", "Apple", 0.25),
            ("Designer", "Google", 0.0),
        )
    ]
    firms = [{"name": "Apple", "weight": 0.0}, {"name": "Google", "weight": 1.0}]
    return [
        {"name": "Salary", "type": "INTEGER", "min": 20, "max": 50, "weight": salary},
        {"name": "Position", "type": "DISCRETE", "relatedTo": "Company", "options": pairs, "weight": job},
        {"name": "Company", "type": "DISCRETE", "options": firms, "weight": company},
    ]


def interview(status: str, *, accepted: bool) -> dict[str, Any]:
    """Return a dialogue as data.json has it: two comments, two offers, the second perhaps accepted."""

    def at(second: int) -> str:
        return f"2020-01-01 00:00:{second:02}.000 +00:00"

    bids = [("w", {"Salary": 50, "Company": "Google", "Position": "Sales"}, False, 2)]
    bids += [("r", {"Salary": 35, "Company": "Apple", "Position": "Sales"}, accepted, 3)]
    return {
        "id": f"room-{status}-{accepted}",
        "status": status,
        "users": [
            {"id": "w", "role": "worker", "utilities": utilities(50, 30, 20)},
            {"id": "r", "role": "recruiter", "utilities": utilities(20, 50, 30)},
        ],
        "comments": [
            {"id": 1, "user_id": "r", "body": "Welcome.", "created_at": at(1)},
            {"id": 2, "user_id": "w", "body": "That suits me.", "created_at": at(4)},
        ],
        "solutions": [
            {"id": n, "user_id": user, "body": body, "accepted": yes, "created_at": at(second)}
            for n, (user, body, yes, second) in enumerate(bids)
        ],
    }


def test_job_interviews_have_speakers_offers_and_points(tmp_path: Path) -> None:
    rows = [interview("completed", accepted=True), interview("terminated", accepted=False)]
    rows.append(interview("aborted", accepted=False))
    (tmp_path / "data.json").write_text(json.dumps(rows))
    run = import_dialogues(tmp_path / "data.json", tmp_path / "run")
    settled, failed, broken_off = run
    assert [(turn.role, turn.utterance.action) for turn in settled.turns] == [
        (0, "talk"),
        (1, "offer"),
        (0, "offer"),
        (1, "talk"),
        (1, "accept"),
    ]
    assert settled.outcome.deal == {"salary": 35, "position-company": "sales-apple"}
    # Recruiter: half of 20 for the salary, all of 50 for sales at Apple, none of 30 for Apple.
    assert settled.outcome.values == (60.0, 55.0)
    assert failed.outcome.status == "no_agreement"
    assert broken_off.outcome.status == "unknown"
    assert settled.models == ("human", "human")


def test_a_job_interview_with_one_side_is_a_bad_row(tmp_path: Path) -> None:
    row = interview("completed", accepted=True)
    (tmp_path / "data.json").write_text(json.dumps([row, {**row, "users": row["users"][:1]}]))
    source = read_source(tmp_path)
    assert len(list(source.dialogues())) == 1
    assert "the two sides are not a recruiter and a worker" in source.drops.counts
