"""Mapping: by rules and by a scripted model, stopped and gone on with, at any concurrency."""

import asyncio
from pathlib import Path

import pytest

from negosim.errors import BudgetError, ModelError, UserError
from negosim.gnome import (
    END,
    DomainMemory,
    labelled,
    map_dialogues,
    mapping_folder,
    target_domains,
)
from negosim.models import Budget, ChatRequest, ScriptedModel
from negosim.store import Run


def test_rules_move_items_reasons_and_quantities_consistently(casino: Run, tmp_path: Path) -> None:
    run = map_dialogues([casino], tmp_path / "mapped", copies=3, top=4, seed=1)
    parents = {dialogue.id: dialogue for dialogue in labelled([casino]).dialogues}
    children = labelled([run]).dialogues
    assert len(children) == 12
    assert len({child.domain for child in children}) == 12
    words = {domain.name: domain.words for domain in target_domains()}
    for child in children:
        parent = parents[str(child.parent)]
        assert [item.strategies for item in child.utterances] == [
            item.strategies for item in parent.utterances
        ]
        assert words[str(child.domain)]["g3"] in child.texts[1]
        assert "firewood" not in " ".join(child.texts)


def scripted(**late: int) -> ScriptedModel:
    """Return a model that tells the stars in place of all it is given, the first calls later than others."""

    async def answer(request: ChatRequest) -> dict[str, object]:
        lines = [line for line in request.messages[1].content.splitlines() if "speaker" in line]
        await asyncio.sleep(0.002 * (request.seed % 3))
        told = [f"Star {request.seed} {place}, {len(line)}. {END}" for place, line in enumerate(lines)]
        return {"domain": f"stars {request.seed % 5}", "utterances": told}

    return ScriptedModel(answer)


def dialogues_of(run: Run) -> bytes:
    return (run.path / "dialogues.jsonl").read_bytes() + (run.path / "answers.jsonl").read_bytes()


def test_a_model_is_asked_at_temperature_one_with_a_domain_that_spreads(casino: Run, tmp_path: Path) -> None:
    model = scripted()
    run = map_dialogues(
        [casino], tmp_path / "mapped", copies=2, mapper="scripted", chat_models={"scripted": model}
    )
    assert {request.temperature for request in model.requests} == {1.0}
    assert len({request.seed for request in model.requests}) == 12
    wished = [dialogue.facts["domain_asked"] for dialogue in run]
    assert len(set(wished)) == 12
    asked = [request.messages[1].content.splitlines()[0] for request in model.requests]
    assert asked == [f"New domain: {wish}" for wish in wished]


@pytest.mark.parametrize("kill", [1, 5, 11])
def test_stopped_and_gone_on_with_it_is_the_same_byte_for_byte(
    casino: Run, tmp_path: Path, kill: int
) -> None:
    whole = map_dialogues(
        [casino], tmp_path / "whole", copies=2, mapper="m", chat_models={"m": scripted()}, concurrency=1
    )
    model = scripted()

    def stop(made: int, wanted: int) -> None:
        if made == kill:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_dialogues(
            [casino],
            tmp_path / "m",
            copies=2,
            mapper="m",
            chat_models={"m": model},
            concurrency=3,
            watch=stop,
        )
    place = mapping_folder(tmp_path / "m") / "answers.jsonl"
    with place.open("ab") as file:
        file.write(b'{"parent": "cut o')  # as a kill leaves it
    again = map_dialogues(
        [casino], tmp_path / "m", copies=2, mapper="m", chat_models={"m": scripted()}, concurrency=4
    )
    assert dialogues_of(again) == dialogues_of(whole)
    assert not mapping_folder(tmp_path / "m").exists()


def test_other_settings_do_not_go_on_with_a_mapping(casino: Run, tmp_path: Path) -> None:
    first = {"domain": "stars", "utterances": [f"Star {END}"]}
    model = ScriptedModel([first, first, ModelError("no key", fault="key")])
    with pytest.raises(ModelError):
        map_dialogues([casino], tmp_path / "m", mapper="m", chat_models={"m": model}, concurrency=1)
    with pytest.raises(UserError, match="another mapping: seed differ"):
        map_dialogues([casino], tmp_path / "m", mapper="m", chat_models={"m": scripted()}, seed=3)


def test_a_budget_stops_it_and_what_was_mapped_is_kept(casino: Run, tmp_path: Path) -> None:
    with pytest.raises(BudgetError):
        map_dialogues(
            [casino],
            tmp_path / "m",
            mapper="m",
            chat_models={"m": scripted()},
            budget=Budget(tokens=9000),
            concurrency=1,
        )
    assert (mapping_folder(tmp_path / "m") / "answers.jsonl").read_bytes().count(b"\n") > 0


def test_each_fault_of_a_model_is_counted(casino: Run, tmp_path: Path) -> None:
    source = labelled([casino]).dialogues[5].texts
    good = [f"Star number {place} shines over ship {place * 3}." for place in range(len(source))]
    other = [f"Moon {place} goes round planet {place * 5} at dusk." for place in range(len(source))]
    answers = [
        [f"{text} {END}" for text in good],
        [f"{text} {END}" for text in good],
        [f"{text} {END}" for text in [*good[:-1], good[-1] + "!s"]],
        [f"{text} {END}" for text in source],
        [f"{text} {END}" for text in good[:-1]],
        [f"{text} {END}" for text in good[:-1]],
        [good[0], f"{good[1]} {END} {good[2]}", *good[3:]],
        [good[0], f"{good[1]} {END} {good[2]}", *good[3:]],
        [f"{text} firewood {END}" for text in other],
        [" ".join(f"{text} {END}" for text in half) for half in (other[:5], other[5:])],
    ]
    model = ScriptedModel(
        [*({"domain": "stars", "utterances": items} for items in answers), *["no JSON"] * 3]
    )
    run = map_dialogues(
        [casino], tmp_path / "m", copies=9, top=1, mapper="m", chat_models={"m": model}, concurrency=1
    )
    imported = run.header.imported
    assert imported is not None
    assert [int(str(dialogue.facts["copy"])) for dialogue in run] == [1, 8]
    assert imported.settings["drops"] == {
        "failed": 1,
        "truncated": 0,
        "number": 1,
        "markers": 1,
        "copy": 1,
        "duplicate": 1,
        "near_duplicate": 1,
        "leftover": 1,
    }
    assert imported.altered == {"end markers mended: inside": 1}


def test_the_memory_spreads_domains_over_dialogues_and_over_all() -> None:
    memory = DomainMemory(["a", "b", "c"], seed=0)
    drawn = [[memory.draw(parent) for parent in "xyz"] for _ in range(3)]
    assert all(len({row[place] for row in drawn}) == 3 for place in range(3))
    assert all(sorted(row) == ["a", "b", "c"] for row in drawn)


def test_what_cannot_be_mapped_is_said(casino: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no lexicon for the domain 'a bakry'"):
        map_dialogues([casino], tmp_path / "m", domains=["a bakry"])
    mapped = map_dialogues([casino], tmp_path / "once", copies=1)
    with pytest.raises(UserError, match="is mapped already"):
        map_dialogues([mapped], tmp_path / "m")
    with pytest.raises(UserError, match="'sim' plays and maps nothing"):
        map_dialogues([casino], tmp_path / "m", mapper="sim")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "x").touch()
    with pytest.raises(UserError, match="not an empty folder"):
        map_dialogues([casino], tmp_path / "m")
    assert not mapping_folder(tmp_path / "m").exists()
