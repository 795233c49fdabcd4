"""Response caches that are damaged, locked, full or something else."""

import random
import sqlite3
from collections import Counter
from dataclasses import replace

import pytest

from negosim.errors import UserError
from negosim.models import (
    ResponseCache,
    cache_path,
    cache_stats,
    clear_cache,
)
from negosim.models._cached import request_key

from .caching import ANSWER, REQUEST, ask


def foreign_database(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE responses (mine TEXT)")
    connection.close()


SPOILT = {
    "no database": lambda path: path.write_bytes(b"no database at all " * 200),
    "another's": foreign_database,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:6000]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_cache_that_cannot_be_used_is_told_before_anything_is_asked(tmp_path, spoil):
    path = tmp_path / "cache.sqlite"
    ask([ANSWER], REQUEST, path=path)
    SPOILT[spoil](path)
    with pytest.raises(UserError, match=r"cache\.sqlite' cannot be used: .*--no-cache.*cache clear"):
        ask([ANSWER], REQUEST, path=path)
    if spoil != "a folder":
        with pytest.raises(UserError, match="cannot be read"):
            cache_stats(path)
        clear_cache(path)
        assert len(ask([ANSWER], REQUEST, path=path)[1].requests) == 1


def test_a_cache_below_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be used: .*; mend that"):
        ResponseCache(tmp_path / "file" / "cache.sqlite")


def test_a_locked_cache_is_waited_for_and_then_told_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("negosim.models._cache.BUSY_SECONDS", 0.05)
    path = tmp_path / "cache.sqlite"
    ask([ANSWER], REQUEST, path=path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    (kept, new), model = ask([ANSWER], REQUEST, replace(REQUEST, seed=1), path=path)
    assert (kept.cached, new.cached, len(model.requests)) == (True, False, 1)
    assert [record.getMessage().partition("used: ")[2] for record in caplog.records] == [
        "another process holds it"
    ]
    with pytest.raises(UserError, match="cannot be cleared: another process holds it"):
        clear_cache(path)
    other.close()


def test_damaged_bytes_never_give_another_answer(tmp_path, caplog):
    path, rng = tmp_path / "cache.sqlite", random.Random(5)
    requests = [replace(REQUEST, seed=seed) for seed in range(30)]
    kept, _ = ask([replace(ANSWER, text=f'{{"text": "{seed}"}}') for seed in range(30)], *requests, path=path)
    content, outcomes = path.read_bytes(), Counter()
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.sample(range(len(content)), rng.choice([1, 5, 80])):
            damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged[: rng.choice([len(content)] * 9 + [rng.randrange(len(content))])])
        try:
            cache = ResponseCache(path)
        except UserError:
            outcomes["refused"] += 1
            continue
        for request, answer in zip(requests, kept, strict=True):
            found = cache.find(request_key("scripted", request))
            outcomes["found" if found else "missed"] += 1
            assert found is None or found.text == answer.text
        cache.close()
    assert min(outcomes["found"], outcomes["missed"], outcomes["refused"]) > 10
    assert "an answer is damaged; it is asked for again" in caplog.text


def test_a_cache_that_breaks_under_way_is_told_once_and_the_run_goes_on(tmp_path, caplog):
    path = tmp_path / "cache.sqlite"

    def spoil(request):
        with sqlite3.connect(path) as connection:
            connection.execute("DROP TABLE IF EXISTS responses")
        connection.close()
        return ANSWER

    answers, model = ask(spoil, *(replace(REQUEST, seed=seed) for seed in range(3)), path=path)
    assert answers == [ANSWER] * 3
    assert len(model.requests) == 3
    assert len(caplog.records) == 1


def test_clear_mends_a_damaged_file():
    ask([ANSWER], REQUEST)
    cache_path().write_bytes(b"no database at all " * 200)
    with pytest.raises(UserError, match="negosim cache clear"):
        cache_stats()
    clear_cache()
    assert cache_stats().entries == ()
