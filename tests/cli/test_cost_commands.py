"""--dry-run, budgets, the cache and prices on the command line."""

import json
import random
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Cli = Any


def talk(body: dict[str, Any]) -> Any:
    """Say something new in every utterance, and never conclude."""
    form = body["response_format"]["json_schema"]["schema"]["properties"]
    if "concluded" in form:
        return {"concluded": False}
    text = f"Let us go on, number {random.Random(str(body['messages'])).random()}."
    return {"utterance": text, "move": {"action": "talk", "offer": None}}


def options(server: Any, *more: object) -> list[object]:
    model = f"openai:any@{server.url}"
    settings = ["--planner", "direct", "--max-turns", "4", "--out", "run"]
    return ["generate", "--scenario", "viatex", "--model", model, *settings, *more]


def price(server: Any, monkeypatch: pytest.MonkeyPatch, **usd: float) -> None:
    row = {"tokens_in": 1, "tokens_out": 2, **usd}
    Path("prices.json").write_text(json.dumps({"models": {f"openai:any@{server.url}": row}}))
    monkeypatch.setenv("NEGOSIM_PRICES", "prices.json")


def test_a_dry_run_predicts_and_leaves_nothing(cli: Cli) -> None:
    before = sorted(Path().rglob("*"))
    done = cli("generate", "-s", "viatex", "--model", "openai:gpt-4o-mini", "-n", "10", "--dry-run")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "10 dialogues of at most 30 utterances; nothing was sent or written"
    assert lines[1].split() == [
        "stage",
        "model",
        "calls",
        "tokens",
        "in",
        "tokens",
        "out",
        "cost",
        "with",
        "cache",
        "at",
        "most",
    ]
    rows = {line.split()[0]: line.split() for line in lines[2:10]}
    assert rows["rollout"][1:3] == ["openai:gpt-4o-mini", "900"]
    assert rows["total"][1] == "2,350"  # votes in three of four rounds from the third on
    cost, cached, most = (float(cell.strip("$")) for cell in rows["total"][-3:])
    assert 0 < cached < cost < most < 20 * cost
    assert "after 10 utterances" in done.out
    assert sorted(Path().rglob("*")) == before == []


def test_a_dry_run_needs_neither_key_nor_file_nor_server(cli: Cli) -> None:
    for model in ("gguf:/nowhere.gguf", "openai:any@http://127.0.0.1:9/v1"):
        done = cli("generate", "-s", "viatex", "--model", model, "--max-turns", "2", "--dry-run")
        assert done.code == 0
    assert "the price of openai:any@http://127.0.0.1:9/v1 is not known" in done.out
    assert "NEGOSIM_PRICES" in done.out


def test_a_dry_run_as_json(cli: Cli) -> None:
    done = cli("generate", "-s", "viatex", "--model", "local", "--max-turns", "2", "--dry-run", "--json")
    forecast = json.loads(done.out)
    assert (forecast["dialogues"], forecast["max_turns"]) == (1, 2)
    assert {part["stage"]: part["calls"] for part in forecast["stages"]}["rollout"] == 6
    assert sum(part["usd"] for part in forecast["stages"]) == 0


def test_a_dry_run_of_the_simulated_negotiator_is_free(cli: Cli) -> None:
    done = cli("generate", "-s", "viatex", "--dry-run")
    assert done.out.splitlines()[1] == "the simulated negotiator plays: no model calls, no cost"


def test_a_dry_run_says_what_is_wrong(cli: Cli) -> None:
    done = cli("generate", "-s", "viatx", "--dry-run")
    assert done.code == 2
    assert "did you mean viatex" in done.err
    done = cli("generate", "--resume", "run", "--dry-run")
    assert done.code == 2
    assert "--dry-run" in done.err


def test_a_run_stopped_by_its_budget_says_so_and_goes_on_with_another(
    cli: Cli, loopback: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback.LoopbackServer(talk) as server:
        price(server, monkeypatch)
        done = cli(*options(server, "-n", "6", "--budget-usd", "0.03"))
        assert done.code == 1
        stored = re.search(r"stopped: (\d) dialogues? (is|are) stored in run\n", done.err)
        assert stored is not None
        assert 0 < int(stored[1]) < 6
        assert "go on with: negosim generate --resume run --budget-usd 0.03\n" in done.err
        said = re.search(
            r"Error: the budget is used up: \$(0\.\d{4}) of \$0\.03 are spent, the next call may cost \$0\.0",
            done.err,
        )
        assert said is not None
        assert 0.01 < float(said[1]) <= 0.03
        sent = len(server.bodies)
        done = cli("generate", "--resume", "run", "--budget-usd", "1")
        assert done.code == 0
        assert "\nall: 6 dialogues · " in done.out
        assert len({json.dumps(body) for body in server.bodies}) == len(server.bodies) > sent


def test_a_budget_in_tokens(cli: Cli, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(talk) as server:
        done = cli(*options(server, "-n", "6", "--budget-tokens", "20000"))
    assert done.code == 1
    assert re.search(r"[\d,]+ of 20,000 tokens are used, the next call may use [\d,]+", done.err)
    assert "--resume run --budget-tokens 20000\n" in done.err


def test_a_budget_in_dollars_without_a_price_says_how_to_give_one(cli: Cli, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(talk) as server:
        done = cli(*options(server, "--budget-usd", "1"))
        assert done.code == 2
        assert "NEGOSIM_PRICES" in done.err
        assert f'"openai:any@{server.url}"' in done.err
        assert server.bodies == []
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("--budget-usd", "-1"), ("--budget-tokens", "some"), ("--budget-usd", "nan")]
)
def test_a_budget_that_is_none(cli: Cli, arguments: tuple[str, str]) -> None:
    done = cli("generate", "-s", "viatex", *arguments)
    assert done.code == 2
    assert list(Path().iterdir()) == []


def test_the_account_of_a_run_is_shown_by_stage(
    cli: Cli, loopback: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback.LoopbackServer(talk) as server:
        price(server, monkeypatch)
        done = cli(*options(server, "-n", "2"))
        calls = len(server.bodies)
    lines = [line.split() for line in done.out.splitlines()]
    assert ["stage", "calls", "in", "cached", "out", "time", "cost"] in lines
    total = next(line for line in lines if line[0] == "total")
    assert int(total[1]) == calls == 8
    assert total[-1].startswith("$0.0")
    shown = cli("show", "run").out.splitlines()
    assert [line.split()[:4] for line in shown if line.startswith("total")] == [total[:4]]


def test_cache_stats_and_clear(cli: Cli, loopback: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"\S*responses-2\.sqlite: 0 answers, 0\.0 MB\n", cli("cache", "stats").out)
    with loopback.LoopbackServer(talk) as server:
        price(server, monkeypatch)
        cli(*options(server))
        sent = len(server.bodies)
        stats = cli("cache", "stats").out.splitlines()
        assert f": {sent} answers, 0." in stats[0]
        assert stats[1].split() == ["model", "answers", "tokens", "in", "tokens", "out", "cost"]
        model, answers, tokens_in, *_, cost = stats[2].split()
        assert (model, answers) == (f"openai:any@{server.url}", str(sent))
        assert int(tokens_in.replace(",", "")) > 1000
        assert cost.startswith("$0.0")
        (entry,) = json.loads(cli("cache", "stats", "--json").out)["models"]
        assert (entry["answers"], f"{entry['tokens_in']:,}") == (sent, tokens_in)
        again = options(server)[:-1]
        done = cli(*again, "again")
        assert len(server.bodies) == sent
        assert f"0 model calls and {sent} reused answers, 0 tokens in, 0 out, $0.00" in done.out
        assert cli("cache", "clear").out == f"removed {sent} answers\n"
        cli(*again, "third")
        assert len(server.bodies) == 2 * sent
        cli(*again, "fourth", "--no-cache")
        assert len(server.bodies) == 3 * sent


def test_a_damaged_cache_is_told_and_cleared(cli: Cli) -> None:
    place = Path(cli("cache", "stats").out.partition(": ")[0])
    place.parent.mkdir(parents=True)
    place.write_bytes(b"no database at all " * 100)
    done = cli("cache", "stats")
    assert done.code == 2
    assert "negosim cache clear" in done.err
    assert cli("cache", "clear").out == "removed a damaged file\n"
    assert cli("cache", "stats").code == 0
