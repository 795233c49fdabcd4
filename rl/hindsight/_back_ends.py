"""From names to back ends: "embedded", a chat model, "policy:PATH"."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from negosim.errors import UserError
from negosim.models import Budget, ChatModel, ModelSpec, ResponseCache, open_clients
from negosim.prompts import Templates
from negosim.rl._card import Card
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight import _embedded, _examples
from negosim.rl.hindsight._chat import Chat
from negosim.rl.hindsight._controller import ChatController
from negosim.rl.hindsight._forward import ChatForward
from negosim.rl.hindsight._pipeline import BackEnds
from negosim.rl.hindsight._protocol import Controller, ForwardModel, RewardModel
from negosim.rl.hindsight._reward import chat_reward
from negosim.rl.hindsight._setting import Setting

EMBEDDED, POLICY = "embedded", "policy:"

BATCH = 64
"""Attempts under way at once where a policy completes dialogues: it decodes them side by side."""


@dataclass(frozen=True)
class Chosen:
    """What the user named."""

    controller: str
    forward: str
    hard_forward: str | None
    reward: str

    @property
    def chat_models(self) -> list[str]:
        """The chat models among them, each once."""
        named = {self.controller, self.forward, self.reward}
        return sorted(name for name in named if name != EMBEDDED and not name.startswith(POLICY))

    def has_hard(self, setting: Setting) -> bool:
        """Return whether there is a hard forward model: of a policy where one is named, of rules by task."""
        if self.forward.startswith(POLICY):
            return self.hard_forward is not None
        return self.forward != EMBEDDED or setting.task != _embedded.NEGOTIATION


@dataclass(frozen=True)
class Opened:
    """Back ends ready for use."""

    back_ends: BackEnds
    identity: dict[str, Any]
    """What tells these back ends from others."""
    width: int
    """Attempts to be under way at once."""


@asynccontextmanager
async def open_back_ends(
    chosen: Chosen,
    setting: Setting,
    card: Card | None,
    originals: Sequence[Trajectory],
    *,
    seed: int,
    concurrency: int,
    chat_models: Mapping[str, ChatModel],
    templates: Templates,
    cache: bool,
    budget: Budget | None,
    answers: ResponseCache | None = None,
) -> AsyncIterator[Opened]:
    """Open everything that is named, and close it at the end.

    Raises:
        UserError: something named is wrong or cannot be reached, or has no embedded form for this task.

    """
    models = chosen.chat_models
    for name, option in ((chosen.controller, "--controller"), (chosen.reward, "--reward-model")):
        if name.startswith(POLICY):
            raise UserError(
                f"{option} {name}: a policy completes dialogues (--forward); name a chat model here"
            )
    if chosen.hard_forward is not None and not chosen.forward.startswith(POLICY):
        raise UserError("a hard forward model of its own goes with --forward policy:PATH only")
    specs = {name: _spec(name) for name in models if name not in chat_models}
    provided = {name: chat_models[name] for name in models if name in chat_models}
    limit = asyncio.Semaphore(concurrency)
    pool = _examples.pool_of(originals)
    rng = Random(f"hindsight examples {seed}")
    async with open_clients(specs, provided, cache=cache, budget=budget, answers=answers) as clients:
        chats = {name: Chat(client, setting, limit, templates) for name, client in clients.items() if client}
        controller: Controller = (
            ChatController(chats[chosen.controller])
            if chosen.controller in chats
            else _embedded.controller(setting)
        )
        forward = _forward(chosen, chats, setting, pool, rng)
        reward: RewardModel = (
            chat_reward(chats[chosen.reward], pool, rng)
            if chosen.reward in chats
            else _embedded.reward_model(setting, pool, card)
        )
        yield Opened(
            BackEnds(controller, forward, reward),
            {
                "controller": chosen.controller,
                "forward": chosen.forward,
                "hard_forward": chosen.hard_forward,
                "reward_model": chosen.reward,
            },
            max(concurrency, BATCH) if chosen.forward.startswith(POLICY) else concurrency,
        )


def _forward(
    chosen: Chosen,
    chats: Mapping[str, Chat],
    setting: Setting,
    pool: Sequence[Trajectory],
    rng: Random,
) -> ForwardModel:
    if chosen.forward in chats:
        count = _examples.FORWARD_EXAMPLES
        examples = _examples.drawn(pool, count + 1, rng)
        hard = _examples.drawn(_examples.bottom(pool), count + 1, rng)
        return ChatForward(chats[chosen.forward], examples, hard, count=count)
    if chosen.forward.startswith(POLICY):
        from negosim.rl.hindsight._policy_forward import PolicyForward

        hard_path = chosen.hard_forward.removeprefix(POLICY) if chosen.hard_forward else None
        return PolicyForward(chosen.forward.removeprefix(POLICY), hard_path)
    return _embedded.forward_model(setting, pool)


def _spec(name: str) -> ModelSpec:
    spec = ModelSpec.parse(name)
    if not spec.chats:
        raise UserError(f"{name!r} is no chat model; name one, or 'embedded'")
    return spec
