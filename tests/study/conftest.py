"""A small study, served in a thread; a browserless person; what must never reach one."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from negosim.study.storage import StudyStore
from negosim.web.server import listening
from negosim.web.study_app import MinuteLimit, study_app
from negosim.web.study_talk import StudyTalks

# A server closes a connection that was idle for 5 seconds, perhaps just as the next request leaves.
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)

SMALL: dict[str, Any] = {
    "schema_version": 1,
    "id": "small",
    "title": "A small study",
    "consent": "Do you agree?",
    "instructions": "Talk with them.",
    "questions": [{"id": "age", "question": "Roughly how old?", "answer": "text", "required": False}],
    "practice": {"minutes": 2, "agent": "habit:0.5"},
    "blocks": [
        {"id": "gift", "scenario": "donation", "role": "donor", "agents": ["habit:0", "sim"], "turn_cap": 2}
    ],
    "survey": {
        "per": "agent",
        "when": "at_end",
        "questions": [
            {
                "id": "fluency",
                "question": "How did {agent} write?",
                "answer": "likert",
                "labels": {1: "a", 5: "b"},
            },
            {"id": "why", "question": "Why?", "answer": "text", "required": False},
        ],
    },
    "debriefing": "They were programs.",
    "completion_code": "CODE-77",
}


def small(**changed: Any) -> str:
    """Return the text of a small study."""
    return yaml.safe_dump({**SMALL, **changed}, sort_keys=False)


def gift(**changed: Any) -> list[dict[str, Any]]:
    """Return its block, changed."""
    return [{**SMALL["blocks"][0], **changed}]


class StudyServer:
    """A study that is served in a thread of its own."""

    def __init__(self, place: Path, text: str, *, links: int = 2, most: int = 10_000, **talks: Any) -> None:
        from negosim.web.server import server_of

        self.store = StudyStore.begin(str(place), text)
        self.store.invite(links)
        self._listener = listening("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.clients: list[httpx.Client] = []
        self._ready = threading.Event()

        async def serve() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            async with StudyTalks(self.store, **talks) as opened:
                self._ready.set()
                app = study_app(self.store, opened, limit=MinuteLimit(most))
                await server_of(app).serve(sockets=[self._listener])

        def run() -> None:
            with suppress(asyncio.CancelledError, KeyboardInterrupt):
                asyncio.run(serve())

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        while not self._ready.wait(0.05):
            assert self._thread.is_alive(), "the server has not started"

    def stop(self) -> None:
        """Stop at once, as a server is that is stopped."""
        for client in self.clients:
            client.close()
        if self._task is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(300)
        self._listener.close()
        self.store.close()


@contextmanager
def serving(*given: Any, **more: Any) -> Iterator[StudyServer]:
    """Serve a study while the block runs."""
    server = StudyServer(*given, **more)
    try:
        yield server
    finally:
        server.stop()


class Volunteer:
    """A browserless person in a study; keeps every byte they were sent."""

    def __init__(self, server: StudyServer, number: int = 1) -> None:
        self.client = httpx.Client(base_url=server.address, timeout=300, limits=NO_KEEPALIVE)
        server.clients.append(self.client)
        self.place = f"/p/{server.store.people()[number - 1]['token']}"
        self.bytes = ""

    def keep(self, answer: httpx.Response) -> httpx.Response:
        self.bytes += answer.text + str(answer.headers)
        return answer

    def page(self) -> str:
        return self.keep(self.client.get(self.place)).text

    def until(self, *words: str) -> str:
        """Wait for a page that has one of some words."""
        for _ in range(15_000):
            if any(word in (text := self.page()) for word in words):
                return text
            time.sleep(0.02)
        raise AssertionError(f"never saw {words} in {text}")

    def hidden(self, page: str | None = None) -> dict[str, str]:
        page = page or self.page()
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    def send(self, what: str = "next", **fields: str) -> httpx.Response:
        return self.keep(self.client.post(f"{self.place}/{what}", data={**self.hidden(), **fields}))

    def begin(self) -> None:
        """Agree and go on to the first conversation."""
        self.send(choice="agree")
        self.send(choice="next")  # questions
        self.send(choice="next")  # instructions
        if "for practice" in self.page():
            self.send(choice="next")

    def talk(self, words: str = "Go on", gift: str = "0.5") -> str:
        """Have one conversation to its end."""
        while True:
            page = self.until(
                "It is your turn", "A question to you alone", "The conversation is over", "cannot go on"
            )
            if "It is your turn" in page:
                self.send("say", action="talk", text=words)
            elif "A question to you alone" in page:
                self.send("answer", answer=gift)
            else:
                self.send(choice="next")
                return page


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., StudyServer]]:
    """Return what serves a study; all are stopped at the end."""
    begun: list[StudyServer] = []

    def serve(text: str | None = None, **more: Any) -> StudyServer:
        begun.append(StudyServer(tmp_path / "kept", text or small(), **more))
        return begun[-1]

    yield serve
    for server in begun:
        server.stop()
