"""Prompts of a dialogue grow by a line for a server with a prefix cache, not by a square.

That the calls of an agent share their beginning is tested with the double blind.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel

Player = Callable[..., ScriptedModel]


def unshared(requests: list[ChatRequest]) -> dict[str, list[int]]:
    """Return for each agent the characters of each prompt that do not begin its prompt before."""
    before: dict[str, str] = {}
    sizes: dict[str, list[int]] = defaultdict(list)
    for request in requests:
        agent = request.messages[0].content
        prompt = agent + request.messages[1].content
        shared = os.path.commonprefix([before.get(agent, ""), prompt])  # noqa: RUF071 (no path)
        sizes[agent].append(len(prompt) - len(shared))
        before[agent] = prompt
    return sizes


@pytest.mark.parametrize("calls", ["separate", "fused"])
def test_prompt_text_that_is_not_shared_grows_by_a_line(player: Player, tmp_path: Path, calls: str) -> None:
    model = player()
    config = RunConfig(scenarios=("viatex",), models=("m",), max_turns=80, calls=calls)
    generate(config, out=tmp_path / "run", chat_models={"m": model})
    agents = unshared(model.requests)
    # Two for each agent: with the lists of tactics where it thinks, and without them where it speaks.
    assert len(agents) == 4
    for sizes in agents.values():
        fixed, *rest = sizes  # the first prompt has to be read whole
        half = len(rest) // 2
        assert sum(rest[half:]) < 1.1 * sum(rest[:half])
        assert fixed > max(rest)
    sent = sum(len(message.content) for request in model.requests for message in request.messages)
    assert sum(map(sum, agents.values())) < 0.1 * sent
