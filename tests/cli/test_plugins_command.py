"""`negosim plugins` with plugins that cannot be used."""

import json
from typing import Any

import pytest

from negosim import UserError, registry


def test_a_name_of_two_packages_cannot_be_used_and_all_others_can(
    monkeypatch: pytest.MonkeyPatch, cli: Any
) -> None:
    two = tuple(registry.Plugin("judges", "strict", name, "1", lambda: None) for name in ("a", "b"))
    installed = registry._installed
    monkeypatch.setattr(registry, "_installed", lambda kind: (*installed(kind), *two * (kind == "judges")))
    with pytest.raises(UserError, match="brought by both package a 1 and package b 1"):
        registry.load("judges", "strict")
    assert registry.load("judges", "oracle")
    listed = cli("plugins", "--json")
    assert listed.code == 1
    rows = list(map(json.loads, listed.out.splitlines()))
    assert [row["origin"] for row in rows if row["problem"]] == ["package a 1", "package b 1"]
    assert {"sim", "rollout", "oracle", "openai"} <= {row["name"] for row in rows}


class Silent:
    """A judge of a target that answers nothing."""

    def __init__(self, folder: str) -> None:
        self.folder = folder


class Answering(Silent):
    async def answer(self, *given: object) -> list[object]:
        return [*given, self.folder]


def test_a_judge_that_is_named_with_a_target_is_told_from_one_that_cannot_answer(
    monkeypatch: pytest.MonkeyPatch, cli: Any
) -> None:
    made = [
        registry.Plugin("judges", each.__name__, "me", "1", lambda each=each: each)
        for each in (Silent, Answering)
    ]
    installed = registry._installed
    monkeypatch.setattr(registry, "_installed", lambda kind: (*installed(kind), *made * (kind == "judges")))
    rows = [json.loads(line) for line in cli("plugins", "--json").out.splitlines()]
    problems = {row["name"]: row["problem"] for row in rows if row["kind"] == "judges"}
    assert "async answer()" in problems.pop("Silent")
    assert set(problems.values()) == {None}
    assert {"Answering", "strategy"} <= problems.keys()
