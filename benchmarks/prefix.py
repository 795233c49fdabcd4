"""Prefix cache hits of a model, and growth of prompts with the dialogue.

    python benchmarks/prefix.py [--turns 20] [--dialogues 1] [--model local]

First a dialogue of a real model, by default the small one in this process (`negosim models get
smollm2`): tokens of each turn's prompts, and how many of them the server had to read, by its own
count. Then a dialogue of 80 utterances with a fake model: the characters of each turn's prompts that
are not the beginning of the agent's prompt before. Both should grow with the transcript by a line,
not with its square.

The dialogue is kept going: votes to end it and walk-aways are overruled, and answers are kept short,
since a small model rambles. Neither changes how prompts are built.
"""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
from engine import fake_answer

from negosim import RunConfig
from negosim.engine import TurnFinished, generate_async
from negosim.models import ChatModel, ChatRequest, ChatResponse, ScriptedModel, open_model

ANSWER_CHARACTERS = 240


@dataclass(frozen=True)
class LoggedCall:
    """One call of the dialogue."""

    turn: int
    agent: str
    """The fixed part of the prompt: it is one agent's, in one dialogue or several of equal setting."""
    prompt: str
    response: ChatResponse


class CallRecorder:
    """A model that keeps the dialogue going and remembers every call."""

    def __init__(self, model: ChatModel) -> None:
        self.name = model.name
        self.calls: list[LoggedCall] = []
        self.turn = 0
        self._model = model

    async def complete(self, request: ChatRequest) -> ChatResponse:
        turn = self.turn
        response = await self._model.complete(replace(request, schema=_short(request.schema)))
        system, user = request.messages
        self.calls.append(LoggedCall(turn, system.content, user.content, response))
        return replace(response, text=_going_on(request, response.text, len(self.calls)))

    async def preflight(self) -> None:
        await self._model.preflight()

    async def close(self) -> None:
        await self._model.close()


def _short(schema: Any) -> Any:
    """Bound all texts of a schema to a sentence or two."""
    if isinstance(schema, list):
        return [_short(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    bounded = {key: _short(part) for key, part in schema.items()}
    return {**bounded, "maxLength": ANSWER_CHARACTERS} if "maxLength" in schema else bounded


def _going_on(request: ChatRequest, text: str, number: int) -> str:
    """Return an answer that does not end the dialogue, nor repeat what may not be repeated."""
    form = request.schema_name
    if form == "Tactics":
        fields = request.schema["properties"]
        return orjson.dumps(dict(zip(fields, fields["tactic_1"]["enum"], strict=False))).decode()
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if form == "ConcludeAnswer":
        answer = {"concluded": False}
    if form == "Speak":
        answer["move"] = {"action": "talk", "offer": None}
    if form in ("Speak", "ConsolidateAnswer"):
        answer["utterance"] = f"{answer['utterance'][:ANSWER_CHARACTERS]} ({number})"
    return orjson.dumps(answer).decode()


async def play(recorder: CallRecorder, turns: int, dialogues: int) -> float:
    """Play dialogues of a length, all at once; return the seconds they took."""

    def watch(event: Any) -> None:
        if isinstance(event, TurnFinished):
            recorder.turn = event.turn.index + 1

    config = RunConfig(
        scenarios=("viatex",),
        models=("recorded",),
        max_turns=turns,
        dialogues=dialogues,
        concurrency=dialogues,
    )
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = await generate_async(
            config, out=f"{folder}/run", watch=watch, chat_models={"recorded": recorder}
        )
        for dialogue in run:
            if dialogue.failure is not None:
                print(f"failed at turn {dialogue.failure.turn + 1}: {dialogue.failure.message}")
    return time.perf_counter() - start


def unshared(calls: list[LoggedCall]) -> list[int]:
    """Return for each call the characters of its prompt that do not begin the agent's prompt before."""
    before: dict[str, str] = {}
    sizes = []
    for call in calls:
        prompt = call.agent + call.prompt
        shared = os.path.commonprefix([before.get(call.agent, ""), prompt])  # noqa: RUF071 (no path)
        sizes.append(len(prompt) - len(shared))
        before[call.agent] = prompt
    return sizes


def by_turn(calls: list[LoggedCall], values: list[int]) -> list[int]:
    """Return the sum of a figure over each turn's calls; votes count to the turn that follows."""
    sums = [0] * (max(call.turn for call in calls) + 1)
    for call, value in zip(calls, values, strict=True):
        sums[call.turn] += value
    return sums


async def cache_hits(spec: str, turns: int, dialogues: int) -> None:
    """Play with a real model and print what its server had to read."""
    model = open_model(spec)
    recorder = CallRecorder(model)
    try:
        await recorder.preflight()
        seconds = await play(recorder, turns, dialogues)
    finally:
        await recorder.close()
    usages = [call.response.usage for call in recorder.calls]
    total, cached = sum(u.tokens_in for u in usages), sum(u.tokens_cached for u in usages)
    print(f"{model.name}: {dialogues} x {turns} utterances, {len(usages)} calls, {seconds:.0f} s")
    print(f"{total:,} prompt tokens, {cached / total:.1%} of them from the prefix cache\n")
    print("| turn | prompt tokens | not from the cache |\n|---:|---:|---:|")
    prompts = by_turn(recorder.calls, [u.tokens_in for u in usages])
    read = by_turn(recorder.calls, [u.tokens_in - u.tokens_cached for u in usages])
    for turn, (tokens, uncached) in enumerate(zip(prompts, read, strict=True), 1):
        print(f"| {turn} | {tokens:,} | {uncached:,} |")


async def growth(turns: int) -> None:
    """Play with a fake model and print how its prompts grow."""
    recorder = CallRecorder(ScriptedModel(fake_answer))
    await play(recorder, turns, 1)
    prompts = by_turn(recorder.calls, [len(call.agent + call.prompt) for call in recorder.calls])
    new = by_turn(recorder.calls, unshared(recorder.calls))
    print(f"\nfake model, {turns} utterances, {len(recorder.calls)} calls\n")
    print("| utterances | prompt characters | not shared with the prompt before |\n|---:|---:|---:|")
    for count in range(turns // 4, turns + 1, turns // 4):
        print(f"| {count} | {sum(prompts[:count]):,} | {sum(new[:count]):,} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="local", help="the real model; 'none' leaves it out")
    parser.add_argument("--turns", type=int, default=6, help="utterances of the real model's dialogue")
    parser.add_argument("--dialogues", type=int, default=1, help="dialogues of the real model at once")
    parser.add_argument("--fake-turns", type=int, default=80, help="utterances of the fake model's dialogue")
    arguments = parser.parse_args()
    print(f"{date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    if arguments.model != "none":
        asyncio.run(cache_hits(arguments.model, arguments.turns, arguments.dialogues))
    asyncio.run(growth(arguments.fake_turns))


if __name__ == "__main__":
    main()
