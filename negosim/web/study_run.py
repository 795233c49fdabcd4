"""Serving a study until the process is stopped."""

import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from negosim.models import ChatModel
from negosim.study.storage import StudyStore
from negosim.web.server import serve
from negosim.web.study_app import study_app
from negosim.web.study_talk import StudyTalks


async def serve_study(
    store: StudyStore,
    listener: socket.socket,
    base: str,
    *,
    usd: float | None = None,
    tokens: int | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Open the study's models and answer requests.

    Args:
        store: the study.
        listener: where to listen.
        base: the address people reach it by.
        usd: what its models may cost in all, in US dollars.
        tokens: likewise, in tokens.
        chat_models: models of the caller's own, by name.
        ready: called when every model answers.

    Raises:
        UserError: a model cannot be reached.

    """
    async with StudyTalks(store, usd=usd, tokens=tokens, chat_models=chat_models) as talks:
        listener.listen()  # who is told that it is ready is not refused
        ready()
        await serve(study_app(store, talks, hosts=[urlsplit(base).hostname or ""]), listener)
