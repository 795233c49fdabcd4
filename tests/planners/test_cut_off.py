"""Whatever planner there is: a run cut off within a turn goes on there, and no answer is paid for twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim import Run, RunConfig, generate, resume
from negosim.errors import ModelError
from negosim.models import CachedModel, ChatRequest, ChatResponse, ResponseCache, ScriptedModel
from negosim.registry import plugins

Filling = Callable[..., ScriptedModel]

SMALL = {
    "audience": "audience:advice=2,audiences=2",
    "gdp-zero": "gdp-zero:n=3,samples=2,probes=2",
    "stance": "stance:claims=2",
}


class FailsOnce(ScriptedModel):
    """Answers as another model does; call number `at` fails for good."""

    def __init__(self, model: ScriptedModel, at: int) -> None:
        super().__init__([])
        self._model, self._at = model, at

    async def complete(self, request: ChatRequest) -> ChatResponse:
        self.requests.append(request)
        if len(self.requests) == self._at:
            raise ModelError("status 500 (4 attempts)")
        return await self._model.complete(request)


def told(run: Run) -> list[Any]:
    """Return all that a run has on record but for what calls took."""
    return [one.model_dump(exclude={"account", "calls", "seconds", "cost"}) for one in run]


@pytest.mark.parametrize("planner", sorted(plugins("planners")))
def test_a_turn_that_was_cut_off_is_not_paid_for_twice(
    planner: str, filling: Filling, tmp_path: Path
) -> None:
    config = RunConfig(scenarios="viatex", models="m", planner=SMALL.get(planner, planner), max_turns=3)
    whole = filling()
    made = generate(config, out=tmp_path / "whole", chat_models={"m": whole}, cache=False)
    at = int(0.7 * len(whole.requests))
    first = FailsOnce(filling(), at)
    again, cache = filling(), ResponseCache(tmp_path / "answers")
    generate(config, out=tmp_path / "run", chat_models={"m": CachedModel(first, cache)})
    run = resume(tmp_path / "run", chat_models={"m": CachedModel(again, cache)})
    cache.close()
    assert told(run) == told(made)
    failed = first.requests.pop(at - 1)
    assert failed in again.requests
    assert not [request for request in again.requests if request in first.requests]
