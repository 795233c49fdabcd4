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
