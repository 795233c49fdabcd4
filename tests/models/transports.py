"""The transports that the conformance suite asks, and the scripted servers it asks them about."""

import itertools
from contextlib import asynccontextmanager

import orjson
from pydantic import BaseModel, Field

from negosim.models import Ledger, Message, ModelClient, open_model
from negosim.models._budget import BudgetedModel

TRANSPORTS = {"http": open_model, "langchain": lambda spec: open_model(f"langchain:{spec}")}
"""By name: a function from a model's spec ("openai:NAME@URL?SETTINGS") to the model."""

PROMPT = (Message("system", "You sell a car."), Message("user", "Greet the buyer."))
GOOD = '{"text":"Good morning."}'
numbers = itertools.count()


class Greeting(BaseModel):
    text: str = Field(max_length=60)


def completion(content=GOOD, finish="stop", usage=None, **message):
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish,
    }
    return {"id": "1", "choices": [choice], "usage": usage or {"prompt_tokens": 40, "completion_tokens": 5}}


class Asked:
    """What came of some calls: the texts, the account, and the model for what is asked next."""

    def __init__(self, model, budget=None):
        self.client = ModelClient(
            BudgetedModel(model, budget) if budget else model, temperature=0.5, max_tokens=99
        )
        self.ledger = Ledger()

    async def once(self, seed=1):
        answer = await self.client.ask(PROMPT, Greeting, stage="speak", role=0, seed=seed, ledger=self.ledger)
        return answer.text

    @property
    def calls(self):
        return sum(row.calls for row in self.ledger.rows())


@asynccontextmanager
async def asking(transport, url, settings="", budget=None):
    # What a server takes is remembered by its URL and the model, so each test has a model of its own.
    model = transport(f"openai:model-{next(numbers)}@{url}{settings}")
    try:
        yield Asked(model, budget)
    finally:
        await model.close()


async def ask(transport, url, settings=""):
    async with asking(transport, url, settings) as asked:
        return await asked.once()


def serve(loopback, behave):
    """Answer with what a function of a request says: a completion, an error with its status, or bytes."""

    def reply(body):
        done = behave(body)
        status, content = done if isinstance(done, tuple) else (200, done)
        raw = content if isinstance(content, bytes) else orjson.dumps(content)
        return loopback.ScriptedReply(raw=raw, status=status)

    return loopback.LoopbackServer(reply)


def wrapped(said):
    """An error inside that of a gateway, as text."""
    return orjson.dumps({"error": {"message": said}}).decode()
