"""People in browsers: nothing of the other side in any byte, nothing counts twice, leave and come back."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

import negosim
from negosim.scenarios import load_scenario
from negosim.store import Run
from negosim.web.seat import SEATS_FILE, SeatedDialogue, play_in_browser
from negosim.web.server import listening

# A server closes a connection that was idle for 5 seconds, perhaps just as the next request leaves.
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)


class Server:
    """A session that is served in a thread of its own."""

    def __init__(self, session: SeatedDialogue) -> None:
        self.session = session
        self.clients: list[httpx.Client] = []
        self._listener = listening("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        async def serve() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            await play_in_browser(self.session, self._listener, ["127.0.0.1"], lambda run: None)

        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(serve())

    def kill(self) -> None:
        """Stop at once, as a server is that is stopped."""
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(300)


@contextmanager
def served(session: SeatedDialogue) -> Iterator[Server]:
    server = Server(session)
    try:
        yield server
    finally:
        for client in server.clients:
            client.close()
        server.kill()


class Person:
    """A browserless person at a seat; keeps every byte they were sent."""

    def __init__(self, server: Server, role: int) -> None:
        self._client = httpx.Client(base_url=server.address, timeout=300, limits=NO_KEEPALIVE)
        server.clients.append(self._client)
        self.place = f"/seat/{server.session.seats[role].token}"
        self.bytes = ""

    def page(self) -> str:
        text = self._client.get(self.place).text
        self.bytes += text
        return text

    def until(self, *words: str) -> str:
        """Wait for a page that has one of some words."""
        for _ in range(6000):
            with suppress(httpx.TransportError):
                if any(word in (text := self.page()) for word in words):
                    return text
            time.sleep(0.05)
        raise AssertionError(f"never saw {words}")

    def send(self, what: str, **fields: str) -> httpx.Response:
        step = re.search(r'name="step" value="([^"]*)"', self.page())
        assert step is not None
        return self.send_as(what, step=step[1], **fields)

    def send_as(self, what: str, **fields: str) -> httpx.Response:
        answer = self._client.post(f"{self.place}/{what}", data=fields)
        self.bytes += answer.text
        return answer


def config(**given: Any) -> negosim.RunConfig:
    return negosim.RunConfig(**{"scenarios": "viatex", "models": ["human", "sim"], **given})


def test_a_person_makes_a_deal_in_the_browser(tmp_path: Path) -> None:
    scenario = load_scenario("viatex")
    with served(SeatedDialogue(config(conditions="deceptive-2"), out=tmp_path / "run")) as server:
        person = Person(server, 0)
        page = person.until("It is your turn")
        assert scenario.roles[0].brief[:40] in page
        assert person.send("say", action="accept").status_code == 422
        assert "Not sent yet" in person.send("say", text="  ", action="talk").text
        assert "off the grid" in person.send("say", action="offer", **{"issue-unit-price": "0.5"}).text
        assert "longest is" in person.send("say", action="talk", text="x" * 5000).text
        bad = person._client.post(f"{person.place}/say", data={}, headers={"origin": "http://evil.example"})
        assert bad.status_code == 403
        assert person._client.post(f"{person.place}/say", content=b"x" * 200_000).status_code == 413
        first = person.send("say", text="Hello <b>there</b>", action="talk")
        assert first.status_code == 303
        person.until("It is your turn")
        for turn in range(30):
            page = person.until("It is your turn", "The talk is over")
            if "The talk is over" in page:
                break
            accepts = "Yes, I accept" in page
            person.send("say", text=f"Word {turn}", action="accept" if accepts else "talk")
        assert "Agreement" in page
        assert "points to you" in page
        assert person._client.get("/seat/nobody").status_code == 404
    (dialogue,) = Run.open(tmp_path / "run")
    assert dialogue.turns[0].utterance.text == "Hello <b>there</b>"
    assert "<b>there" not in person.bytes
    other = scenario.roles[1]
    hidden = [other.brief[:30], *other.secrets, str(other.deceptive_brief)[:30], other.alternative[:30]]
    hidden += [str(turn.reflection) for turn in dialogue.turns if turn.role == 1]
    hidden += [rollout.expected_reply for turn in dialogue.turns for rollout in turn.rollouts]
    hidden += ["sim<", "played by", "deceptive-2"]
    said = " ".join(turn.utterance.text for turn in dialogue.turns)
    assert [words for words in hidden if words in person.bytes and words not in said] == []


def test_nothing_counts_twice_and_a_killed_server_goes_on(tmp_path: Path) -> None:
    with served(SeatedDialogue(config(), out=tmp_path / "run")) as server:
        person = Person(server, 0)
        person.until("It is your turn")
        for _ in range(2):  # a double click, or back and again
            assert person.send_as("say", step="0", text="First words", action="talk").status_code == 303
        person.until('value="2"')
        person.send("say", text="Second words", action="talk")
        page = person.until('value="4"')
        assert page.count("First words") == 1
    run = Run.open(tmp_path / "run")
    assert len(run) == 0
    assert (run.path / SEATS_FILE).stat().st_mode & 0o077 == 0
    with served(SeatedDialogue(run.config, resume=run.path)) as server:
        again = Person(server, 0)
        assert again.place == person.place
        # Sent by a page that was open all along:
        again.send_as("say", step="4", text="Good bye", action="walk_away")
        page = again.until("The talk is over")
        assert page.count('<li id="turn-') == 5
    (dialogue,) = Run.open(tmp_path / "run")
    own = [turn.utterance.text for turn in dialogue.turns if turn.role == 0]
    assert own == ["First words", "Second words", "Good bye"]
    assert dialogue.end == "walk_away"


def test_two_people_in_two_browsers(tmp_path: Path) -> None:
    with served(SeatedDialogue(config(models="human"), out=tmp_path / "run")) as server:
        one, two = Person(server, 0), Person(server, 1)
        one.until("It is your turn")
        assert "is typing" in two.until("is typing")
        one.send("say", text="From one", action="offer", **{"issue-unit-price": "0.12"})
        page = two.until("It is your turn")
        assert "From one" in page
        two.send("say", text="From two", action="walk_away")
        one.until("The talk is over")
        two.until("The talk is over")
    scenario = load_scenario("viatex")
    assert scenario.roles[1].brief[:30] not in one.bytes
    assert scenario.roles[0].brief[:30] not in two.bytes


def test_measures_are_asked_by_form(tmp_path: Path) -> None:
    people = config(scenarios="donation", models=["sim", "human"], max_turns=2)
    with served(SeatedDialogue(people, out=tmp_path / "run")) as server:
        person = Person(server, 1)
        person.until("It is your turn")
        person.send("say", text="Tell me more", action="talk")
        person.until("A question to you alone")
        assert person.send("answer", answer="a lot").status_code == 422
        person.send("answer", answer="1.5")
        person.until("The talk is over")
    (dialogue,) = Run.open(tmp_path / "run")
    assert [given.value for given in dialogue.measurements] == [1.5]


def test_questions_due_together_are_asked_one_after_the_other(tmp_path: Path) -> None:
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    asked = {"asked_of": [data["roles"][0]["id"]], "when": "before", "question": "How are {other}?"}
    belief = {"id": "picture", "answer": "belief", "about": "others", **asked}
    data |= {
        "id": "asking",
        "schema_version": 2,
        "measures": [{"id": "well", "answer": "yes_no", **asked}, belief],
    }
    path = tmp_path / "asking.yaml"
    path.write_text(json.dumps(data))
    people = config(scenarios=str(path), max_turns=1)
    with served(SeatedDialogue(people, out=tmp_path / "run")) as server:
        person = Person(server, 0)
        person.until("How are {other}?")
        person.send("answer", answer="yes")
        assert data["roles"][1]["name"] in person.until("Divide 100 points")
        shares = {f"issue-{issue['id']}": "20" for issue in data["issues"]}
        assert person.send("answer", answer="101", **shares).status_code == 422
        person.send("answer", answer="40", **shares)
        person.until("It is your turn")
        person.send("say", text="Good bye", action="walk_away")
        person.until("The talk is over")
    (dialogue,) = Run.open(tmp_path / "run")
    yes, picture = (given.value for given in dialogue.measurements)
    assert yes is True
    assert isinstance(picture, dict)
    assert picture["reservation"] == 0.4


def test_side_messages_and_the_floor_are_given_by_form(tmp_path: Path) -> None:
    people = config(
        scenarios="heron-mill", models=["human", "human", "sim"], order="chair:owner", max_turns=3
    )
    with served(SeatedDialogue(people, out=tmp_path / "run")) as server:
        owner, bakery = Person(server, 0), Person(server, 1)
        owner.until("Who speaks next")
        assert owner.send("say", text="Hello", action="talk", aside="MUMBLE").status_code == 422
        owner.send("say", text="Hello", action="talk", aside="MUMBLE", floor="1", **{"to-2": "yes"})
        assert "Who speaks next" not in bakery.until("It is your turn")
        bakery.send("say", text="Hello", action="talk", aside="PSST", floor="2", **{"to-0": "yes"})
        assert "PSST" in owner.until("It is your turn")
        owner.send("say", text="Good bye", action="talk")
        owner.until("The talk is over")
        bakery.until("The talk is over")
    assert "MUMBLE" not in bakery.bytes
    (dialogue,) = Run.open(tmp_path / "run")
    assert [turn.role for turn in dialogue.turns] == [0, 1, 0]
    assert [turn.floor for turn in dialogue.turns] == [1, None, None]
    assert [aside.to for turn in dialogue.turns for aside in turn.asides] == [(2,), (0,)]


def test_a_run_without_people_has_no_seats() -> None:
    assert SeatedDialogue(config(models="sim")).seats == {}
    with pytest.raises(negosim.UserError):
        SeatedDialogue(config(scenarios="no-such-case"))
