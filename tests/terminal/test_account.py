"""The account at the end of a run: sums by stage and model, in lines and in a table."""

from typing import Any

import pytest
from rich.console import Console

from negosim.records import StageAccount
from negosim.terminal.account import account_lines, account_table, add_account


def row(stage: str, model: str = "openai:a", **numbers: Any) -> StageAccount:
    return StageAccount(
        stage=stage, role=0, model=model, **{"calls": 1, "usd": 0.5, "seconds": 30, **numbers}
    )


def columns(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_roles_and_dialogues_are_added_up_by_stage_and_model() -> None:
    rows = [row("speak", tokens_in=100, tokens_cached=60, tokens_out=7)] * 3
    rows += [row("speak", "openai:b", tokens_in=5, usd=0.25), row("judge", tokens_in=1)]
    lines = list(account_lines(rows))
    assert [columns(line) for line in lines] == [
        ["stage", "model", "calls", "in", "cached", "out", "time", "cost"],
        ["speak", "openai:a", "3", "300", "180", "21", "1 min 30 s", "$1.50"],
        ["speak", "openai:b", "1", "5", "0", "0", "30.0 s", "$0.2500"],
        ["judge", "openai:a", "1", "1", "0", "0", "30.0 s", "$0.5000"],
        ["total", "5", "306", "180", "21", "2 min 30 s", "$2.25"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_models_and_reused_answers_have_a_column_where_they_say_something() -> None:
    assert "model" not in next(account_lines([row("speak"), row("judge")]))
    lines = list(account_lines([row("speak", calls=0, cached_calls=4, usd=0)]))
    assert columns(lines[0])[:3] == ["stage", "calls", "reused"]
    assert columns(lines[1])[:3] == ["speak", "0", "4"]
    assert columns(lines[1])[-1] == "$0.00"


def test_an_unknown_price_makes_the_sum_unknown() -> None:
    lines = [columns(line) for line in account_lines([row("speak"), row("judge", usd=None)])]
    assert [line[-1] for line in lines] == ["cost", "$0.5000", "unknown", "unknown"]


def test_sums_can_be_kept_while_dialogues_come_in() -> None:
    sums: dict[tuple[str, str], StageAccount] = {}
    for _ in range(3):
        add_account(sums, [row("speak", usd=1), row("judge", usd=2)])
    assert [(key, part.calls, part.usd) for key, part in sums.items()] == [
        (("speak", "openai:a"), 3, 3),
        (("judge", "openai:a"), 3, 6),
    ]


@pytest.mark.parametrize("width", [30, 80])
def test_a_number_that_has_no_room_is_seen_to_be_cut(width: int) -> None:
    console = Console(width=width, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(account_table([row("speak", tokens_in=12_345_678, usd=123_456.78)]))
    text = captured.get()
    assert ("$123,456.78" in text) != ("…" in text)
