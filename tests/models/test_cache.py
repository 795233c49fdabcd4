import asyncio
import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from negosim.errors import ModelError, UserError
from negosim.models import (
    CachedModel,
    ChatResponse,
    Message,
    ResponseCache,
    ScriptedModel,
    Usage,
    cache_path,
    cache_stats,
    clear_cache,
    open_model,
)

from .caching import ANSWER, REQUEST, ask


@pytest.mark.parametrize("finish", ["length", "refusal", "reasoning"])
def test_of_what_was_cut_off_or_refused_nothing_is_kept_but_that_it_was(finish):
    ask([replace(ANSWER, finish=finish)], REQUEST)
    (again,), model = ask([], REQUEST)
    assert (model.requests, again.text, again.finish) == ([], "", finish)


def test_an_answer_is_given_again_as_it_was_and_costs_nothing():
    (first,), _ = ask([ANSWER], REQUEST)
    assert first == ANSWER
    (again,), model = ask([], REQUEST)
    assert model.requests == []
    assert again == replace(ANSWER, usage=Usage(), requests=0, cached=True)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"temperature": 0.8},
        {"max_tokens": 101},
        {"schema_name": "Say"},
        {"schema": {"type": "object", "properties": {"text": {"type": "string", "maxLength": 9}}}},
        {"messages": (Message("system", "You sell a cart."), Message("user", "Speak."))},
        {"messages": (Message("user", "You sell a car."), Message("user", "Speak."))},
        {"messages": (Message("system", "You sell a car.Speak."), Message("user", ""))},
    ],
)
def test_whatever_decides_an_answer_is_in_the_key(change):
    ask([ANSWER], REQUEST)
    other = replace(ANSWER, text="other")
    (got,), model = ask([other], replace(REQUEST, **change))
    assert len(model.requests) == 1
    assert got == other


def test_models_do_not_share_answers():
    ask([ANSWER], REQUEST, identity="openai:a@http://127.0.0.1:1/v1")
    other = replace(ANSWER, text="other")
    assert ask([other], REQUEST, identity="openai:a@http://127.0.0.1:2/v1")[0] == [other]


def test_a_file_of_weights_that_was_replaced_is_another_model(tmp_path):
    file = tmp_path / "model.gguf"
    identities = set()
    for weights in (b"GGUF1", b"GGUF22"):
        file.write_bytes(weights)
        cache = ResponseCache()
        model = open_model(f"gguf:{file}", cache=cache)
        assert isinstance(model, CachedModel)
        identities.add(model._identity)
        assert model.name == f"gguf:{file}"
        cache.close()
    assert len(identities) == 2


async def _later(request):
    await asyncio.sleep(0.01)
    return ANSWER


def test_equal_requests_at_one_time_are_sent_once():
    answers, model = ask(_later, *[REQUEST] * 20, replace(REQUEST, seed=1))
    assert len(model.requests) == 2
    assert sorted(answer.requests for answer in answers) == [0] * 19 + [3, 3]
    assert {answer.text for answer in answers} == {ANSWER.text}


def test_a_failure_is_not_kept_and_the_next_of_equal_requests_tries_itself():
    script = [ModelError("down"), ModelError("down"), ANSWER]
    answers, model = ask(script, *[REQUEST] * 5)
    assert [type(answer) for answer in answers] == [ModelError] * 2 + [ChatResponse] * 3
    assert len(model.requests) == 3


async def test_one_who_gives_up_does_not_take_the_others_along():
    model, cache = ScriptedModel(_later), ResponseCache()
    cached = CachedModel(model, cache)
    first, second = (asyncio.create_task(cached.complete(REQUEST)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ANSWER
    assert len(model.requests) == 2
    cache.close()


class Unreachable(ScriptedModel):
    """A model that cannot be reached, and counts who tries."""

    def __init__(self) -> None:
        super().__init__([])
        self.tried = 0

    async def preflight(self) -> None:
        self.tried += 1
        raise UserError("no model server")


async def test_a_model_whose_answers_are_kept_is_reached_for_only_when_one_is_missing():
    cache, model = ResponseCache(), Unreachable()
    with pytest.raises(UserError, match="no model server"):
        await CachedModel(model, cache).preflight()
    await CachedModel(ScriptedModel([ANSWER]), cache).complete(REQUEST)
    cached = CachedModel(model, cache)
    await cached.preflight()
    assert (await cached.complete(REQUEST)).cached
    assert model.tried == 1
    with pytest.raises(UserError, match="no model server"):
        await cached.complete(replace(REQUEST, seed=1))
    cache.close()


async def test_a_model_that_can_be_reached_is_checked_once():
    cache, checks = ResponseCache(), []

    class Counting(ScriptedModel):
        async def preflight(self) -> None:
            checks.append(await asyncio.sleep(0))

    cached = CachedModel(Counting(_later), cache)
    await asyncio.gather(*(cached.complete(replace(REQUEST, seed=seed)) for seed in range(9)))
    await cached.preflight()
    assert len(checks) == 1
    cache.close()


def _fill(path, process, count):
    """Ask for `count` answers that all processes ask for, each making up its own."""

    def own(request):
        return {"text": f"process {process}, answer {request.seed}"}

    requests = [replace(REQUEST, seed=seed) for seed in range(count)]
    answers, _ = ask(own, *requests, path=path)
    return [answer.text for answer in answers]


def test_processes_at_one_time_neither_lose_nor_damage_and_agree(tmp_path):
    path, count = tmp_path / "cache.sqlite", 300
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        texts = pool.starmap(_fill, [(path, process, count) for process in range(4)])
    assert all(text == texts[0] for text in texts)
    (entry,) = cache_stats(path).entries
    assert entry.answers == count
    replayed, model = ask([], *(replace(REQUEST, seed=seed) for seed in range(count)), path=path)
    assert [answer.text for answer in replayed] == texts[0]
    assert model.requests == []
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_another_process_kept_first_stands(tmp_path, monkeypatch):
    path = tmp_path / "cache.sqlite"

    def meanwhile(request):
        ask([replace(ANSWER, text="theirs")], REQUEST, path=path)
        return replace(ANSWER, text="ours")

    async def once():
        cache = ResponseCache(path)
        try:
            return await CachedModel(
                ScriptedModel(lambda r: asyncio.to_thread(meanwhile, r)), cache
            ).complete(REQUEST)
        finally:
            cache.close()

    answer = asyncio.run(once())
    assert (answer.text, answer.requests, answer.usage) == ("theirs", 3, ANSWER.usage)


def test_stats_and_clear():
    assert cache_stats().entries == ()
    ask([ANSWER, ANSWER], REQUEST, replace(REQUEST, seed=1), identity="openai:a")
    ask([ANSWER], REQUEST, identity="openai:b")
    stats = cache_stats()
    assert stats.path == cache_path()
    assert stats.bytes > 0
    found = [(e.model, e.answers, e.tokens_in, e.tokens_out, e.tokens_cached) for e in stats.entries]
    assert found == [("openai:a", 2, 180, 20, 80), ("openai:b", 1, 90, 10, 40)]
    clear_cache()
    assert cache_stats().entries == ()
    assert len(ask([ANSWER], REQUEST, identity="openai:b")[1].requests) == 1


async def test_a_run_goes_on_while_the_cache_is_cleared():
    cache, model = ResponseCache(), ScriptedModel([ANSWER] * 2)
    cached = CachedModel(model, cache)
    await cached.complete(REQUEST)
    clear_cache()
    await cached.complete(REQUEST)
    assert (await cached.complete(REQUEST)).cached
    assert len(model.requests) == 2
    cache.close()


def test_neither_prompts_nor_keys_are_in_the_file(monkeypatch):
    monkeypatch.setenv("NEGOSIM_API_KEY", "sk-secret")
    ask([ANSWER], REQUEST)
    content = b"".join(file.read_bytes() for file in Path(cache_path()).parent.glob("responses*"))
    assert b"half" in content
    assert b"You sell" not in content
    assert b"sk-secret" not in content
