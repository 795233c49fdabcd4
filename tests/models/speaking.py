"""One request, sent to a scripted server by the transport of OpenAI's protocol."""

from itertools import count

from pydantic import BaseModel, Field

from negosim.models import ChatRequest, Message, open_model
from negosim.models._schema import answer_schema

numbers = count()


class Speech(BaseModel):
    text: str = Field(max_length=60)


REQUEST = ChatRequest(
    (Message("system", "You sell."), Message("user", "Speak.")), answer_schema(Speech), "Speech", 5, 0.5, 99
)
GOOD = {"text": "Good morning."}


def spec(server, settings=""):
    # What a server takes is remembered by its URL and the model, so each test has a model of its own.
    return f"openai:model-{next(numbers)}@{server.url}{settings}"


async def complete(server, settings="", times=1):
    model = open_model(spec(server, settings))
    try:
        return [await model.complete(REQUEST) for _ in range(times)]
    finally:
        await model.close()
