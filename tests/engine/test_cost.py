"""Cost of a run: answers are reused, predictions hold, budgets are never exceeded."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import tenacity

from negosim import BudgetError, Run, RunConfig, UserError, generate, resume
from negosim.engine import predict
from negosim.models import Budget, ScriptedModel

Server = Any
Length = Callable[[int], int]
"""How long a text is that may have some length."""


def fill(schema: dict[str, Any], rng: random.Random, length: Length) -> Any:
    """Make up what fits a form; nobody repeats another's words."""
    if "anyOf" in schema:
        nothing = {"type": "null"} in schema["anyOf"]
        return None if nothing else fill(schema["anyOf"][0], rng, length)
    if schema.get("type") == "null":
        return None
    if "enum" in schema:
        return "talk" if "talk" in schema["enum"] else rng.choice(schema["enum"])
    if schema["type"] == "object":
        parts = schema["properties"]
        if "tactic_1" in parts:
            return dict(zip(parts, rng.sample(parts["tactic_1"]["enum"], len(parts)), strict=True))
        filled = {name: fill(part, rng, length) for name, part in parts.items()}
        candidates = [value for value in filled.values() if isinstance(value, dict) and "tactic" in value]
        if candidates:
            options = parts["candidate_1"]["properties"]["tactic"]["enum"]
            for candidate, tactic in zip(candidates, rng.sample(options, len(candidates)), strict=True):
                candidate["tactic"] = tactic
        return filled
    if schema["type"] == "string":
        size = length(schema["maxLength"])
        text = "".join(rng.choices("abcdefgh ", k=size)).replace("  ", " x").strip().ljust(size, "x")
        return f"{text[:-1]}."  # a text that fills its bound within a sentence would be asked for again
    return False if schema["type"] == "boolean" else 5


def answer(body: dict[str, Any], length: Length = lambda longest: min(60, longest)) -> Any:
    form = body["response_format"]["json_schema"]
    rng = random.Random(f"{body['seed']} {body['messages']}")
    return fill(form["schema"], rng, length)


def config(server: Server, **settings: Any) -> RunConfig:
    model = f"openai:any@{server.url}"
    return RunConfig(
        **{
            "scenarios": ("viatex",),
            "models": (model,),
            "max_turns": 4,
            "k": 2,
            "votes": "always",
            **settings,
        }
    )


def transcripts(run: Run) -> dict[str, bytes]:
    return {dialogue.id: dialogue.transcript() for dialogue in run}


def account(run: Run, field: str) -> float:
    return sum(getattr(row, field) for dialogue in run for row in dialogue.account)


def test_a_rerun_makes_no_call_and_is_the_same(loopback: ModuleType, tmp_path: Path) -> None:
    with loopback.LoopbackServer(answer) as server:
        settings = config(server, dialogues=3, concurrency=3)
        first = generate(settings, out=tmp_path / "first")
        sent = len(server.bodies)
        assert sent == account(first, "calls") > 60
    # The server is gone: not even a connection is made.
    again = generate(settings, out=tmp_path / "again")
    assert transcripts(again) == transcripts(first)
    assert account(again, "cached_calls") == sent
    for field in ("calls", "tokens_in", "tokens_out", "usd"):
        assert account(again, field) == 0


def test_matched_pairs_share_what_they_have_in_common(loopback: ModuleType, tmp_path: Path) -> None:
    """The opening of the honest side is the same in both conditions: it is asked for once."""
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(answer(body), delay=0.01)) as server:
        settings = config(server, conditions=("honest", "deceptive-2"), concurrency=2, max_turns=1)
        run = generate(settings, out=tmp_path / "run")
        assert account(run, "cached_calls") == account(run, "calls") == len(server.bodies) > 5


def test_without_the_cache_everything_is_asked_again(loopback: ModuleType, tmp_path: Path) -> None:
    with loopback.LoopbackServer(answer) as server:
        settings = config(server, planner="direct")
        generate(settings, out=tmp_path / "first", cache=False)
        sent = len(server.bodies)
        generate(settings, out=tmp_path / "again", cache=False)
        assert len(server.bodies) == 2 * sent
        generate(settings, out=tmp_path / "kept")
        generate(settings, out=tmp_path / "reused")
        assert len(server.bodies) == 3 * sent


def test_a_caller_s_own_models_are_not_cached(player: Callable[..., ScriptedModel], tmp_path: Path) -> None:
    model = player()
    settings = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=2, planner="direct")
    for name in ("first", "again"):
        generate(settings, out=tmp_path / name, chat_models={"scripted": model})
    assert len(model.requests) == 4


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"planner": "reflect", "max_turns": 5},
        {"planner": "direct", "max_turns": 1},
        {"calls": "fused", "k": 4},
        {"dialogues": 3, "conditions": ("honest", "deceptive-2"), "judge_view": "oracle"},
    ],
)
def test_a_prediction_holds(loopback: ModuleType, tmp_path: Path, settings: dict[str, Any]) -> None:
    """Of dialogues that go to their cap: every call, and no more tokens than said."""

    def typical(body: dict[str, Any]) -> Any:
        text = orjson.dumps(answer(body, lambda longest: min(330, longest // 3))).decode()
        prompt = sum(len(part["content"]) for part in body["messages"])
        return loopback.ScriptedReply(raw=completion(text, prompt * 10 // 43, len(text) * 10 // 43))

    with loopback.LoopbackServer(typical) as server:
        asked = config(server, **settings)
        forecast = predict(asked)
        assert not server.bodies
        run = generate(asked, out=tmp_path / "run", cache=False)
    made, tokens_in, tokens_out = Counter[str](), Counter[str](), Counter[str]()
    for dialogue in run:
        assert dialogue.end == "max_turns"
        for row in dialogue.account:
            made[row.stage] += row.calls
            tokens_in[row.stage] += row.tokens_in
            tokens_out[row.stage] += row.tokens_out
    # Of utterances that begin alike the estimate has some, this server none.
    stages = [part for part in forecast.stages if part.stage != "consolidate"]
    assert made == {part.stage: part.calls for part in stages}
    assert made.total() == sum(part.calls for part in stages) == len(server.bodies)
    for part in stages:
        assert tokens_in[part.stage] <= part.most_tokens_in
        assert tokens_out[part.stage] <= part.most_tokens_out
        # Texts are as long as estimated; the estimate has an offer in some turns, this server none.
        assert tokens_in[part.stage] == pytest.approx(part.tokens_in, rel=0.12)
        assert tokens_out[part.stage] == pytest.approx(part.tokens_out, rel=0.3, abs=12 * part.calls)


def test_the_longest_texts_a_server_can_give_stay_within_the_bound(
    loopback: ModuleType, tmp_path: Path
) -> None:
    def greedy(body: dict[str, Any]) -> Any:
        text = orjson.dumps(answer(body, lambda longest: longest)).decode()
        return loopback.ScriptedReply(raw=completion(text, prompt_bytes(body), body["max_tokens"]))

    with loopback.LoopbackServer(greedy) as server:
        asked = config(server, max_turns=6, k=3)
        run = generate(asked, out=tmp_path / "run")
    forecast = predict(asked)
    assert account(run, "tokens_in") <= sum(part.most_tokens_in for part in forecast.stages)
    # This server begins no utterance like another.
    stages = [part for part in forecast.stages if part.stage != "consolidate"]
    most, calls = sum(part.most_tokens_in for part in stages), sum(part.calls for part in stages)
    assert 0.9 * (most - 512 * calls) < account(run, "tokens_in") <= most
    assert account(run, "tokens_out") == sum(part.most_tokens_out for part in stages)


def test_a_prediction_prices_each_model_and_leaves_the_simulated_negotiator_out(tmp_path: Path) -> None:
    models: dict[str, Any] = {"models": ("sim", "openai:gpt-4o-mini"), "judge_model": "openai:gpt-99"}
    forecast = predict(RunConfig(scenarios=("viatex",), max_turns=6, **models))
    priced = {part.stage: (part.model, part.calls, part.usd) for part in forecast.stages}
    assert priced.pop("judge") == ("openai:gpt-99", 6, None)
    assert {(model, usd is not None) for model, _, usd in priced.values()} == {("openai:gpt-4o-mini", True)}
    assert priced["rollout"][1] == 9
    speak = next(part for part in forecast.stages if part.stage == "speak")
    assert speak.usd == pytest.approx((speak.tokens_in * 0.15 + speak.tokens_out * 0.6) / 1e6)
    assert predict(RunConfig(scenarios=("viatex",))).stages == ()


@pytest.mark.parametrize("scenario", ["viatex", "all"])
def test_every_scenario_can_be_predicted_quickly(scenario: str) -> None:
    from negosim.scenarios import list_scenarios

    names = tuple(list_scenarios()) if scenario == "all" else (scenario,)
    settings: dict[str, Any] = {"models": ("local",), "max_turns": 4}
    forecast = predict(RunConfig(scenarios=names, conditions=("honest", "deceptive-1-2"), **settings))
    assert forecast.dialogues == 2 * len(names)
    assert forecast.calls >= 2 * len(names) * 4 * 7


def prompt_bytes(body: dict[str, Any]) -> int:
    """Return the size of a prompt, with the form, which some servers put into it."""
    form = orjson.dumps(body["response_format"]["json_schema"]["schema"])
    return sum(len(part["content"].encode()) for part in body["messages"]) + len(form)


def completion(text: str, tokens_in: int, tokens_out: int) -> bytes:
    return orjson.dumps(
        {
            "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out},
        }
    )


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_none())


class Till:
    """A server's own account: what it charges for every request it has worked on, answered or lost."""

    def __init__(self, loopback: ModuleType, seed: int, faults: float) -> None:
        self._reply = loopback.ScriptedReply
        self._rng = random.Random(seed)
        self._faults = faults
        self._lock = threading.Lock()
        self.charged = 0

    def __call__(self, body: dict[str, Any]) -> Any:
        text = orjson.dumps(answer(body)).decode()
        size = prompt_bytes(body)
        with self._lock:
            fate, delay = self._rng.random(), self._rng.random() / 100
            if fate < self._faults / 4:
                return self._reply(status=500, error="try again", delay=delay)
            tokens_in = self._rng.randint(size // 5, size)
            tokens_out = self._rng.randint(1, body["max_tokens"])
            self.charged += tokens_in + tokens_out
        if fate < self._faults / 2:
            return self._reply(cut=True, delay=delay)
        if fate < self._faults:
            return self._reply(raw=b'{"choices": [{"mess', delay=delay)
        return self._reply(raw=completion(text, tokens_in, tokens_out), delay=delay)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.slow
@pytest.mark.usefixtures("_no_pauses")
def test_a_budget_is_never_exceeded_and_the_run_can_be_finished(
    loopback: ModuleType, tmp_path: Path, seed: int
) -> None:
    till = Till(loopback, seed, faults=0.15)
    with loopback.LoopbackServer(till) as server:
        settings = config(server, dialogues=18, concurrency=16, max_turns=2)
        folder, limit, stops = tmp_path / "run", 250_000, 0
        finished = False
        while not finished:
            before, budget = till.charged, Budget(tokens=limit)
            try:
                run = (
                    resume(folder, budget=budget) if stops else generate(settings, out=folder, budget=budget)
                )
                finished = True
            except BudgetError:
                stops += 1
                assert till.charged - before > limit / 4
                assert len(Run.open(folder)) < 18
            assert till.charged - before <= budget.spent.tokens <= limit
        assert stops > 2
        assert len({dialogue.id for dialogue in run}) == len(run) == 18
    whole = Till(loopback, seed, faults=0)
    with loopback.LoopbackServer(whole) as other:
        clean = generate(config(other, dialogues=18, max_turns=2), out=tmp_path / "whole")
    finished = {dialogue.id: dialogue for dialogue in run if dialogue.status == "complete"}
    assert len(finished) >= 16
    for dialogue in clean:
        if dialogue.id in finished:
            assert [turn.utterance for turn in finished[dialogue.id].turns] == [
                turn.utterance for turn in dialogue.turns
            ]


def test_a_budget_holds_for_a_caller_s_own_models(
    player: Callable[..., ScriptedModel], tmp_path: Path
) -> None:
    settings = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=4, dialogues=9)
    model = player()
    budget = Budget(tokens=100_000)
    with pytest.raises(BudgetError):
        generate(settings, out=tmp_path / "run", chat_models={"scripted": model}, budget=budget)
    size = sum(len(m.content) for request in model.requests for m in request.messages)
    assert 50_000 < size // 4 < 100_000
    with pytest.raises(UserError, match="needs the price of scripted"):
        generate(settings, out=tmp_path / "usd", chat_models={"scripted": model}, budget=Budget(usd=1))
    assert not (tmp_path / "usd").exists()


def test_a_wrong_file_of_prices_is_told_before_anything_is_sent_or_written(
    loopback: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEGOSIM_PRICES", str(tmp_path / "nowhere.json"))
    with loopback.LoopbackServer(answer) as server:
        with pytest.raises(UserError, match="NEGOSIM_PRICES"):
            generate(config(server), out=tmp_path / "run")
        assert not server.bodies
    assert not (tmp_path / "run").exists()
