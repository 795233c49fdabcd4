"""Negotiating in a browser: a page for each person's seat, and the run that is played meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from negosim._files import write_whole
from negosim.agents import BELIEF_LIMIT, BELIEF_SHARE, HUMAN, can_give_floor_to, can_tell_aside, seated
from negosim.config import RunConfig
from negosim.engine import (
    DialogueFinished,
    DialogueStarted,
    Event,
    RunStarted,
    TurnFinished,
    generate_async,
    resume_async,
)
from negosim.errors import NegosimError
from negosim.records import Condition
from negosim.scenarios import load_scenario
from negosim.store import Run
from negosim.terminal import Lens, outcome_lines, verdict
from negosim.web.app import application, wrong_page
from negosim.web.dialogue import role_views, turn_views
from negosim.web.links import ServerLinks
from negosim.web.pages import render
from negosim.web.server import server_of
from negosim.web.table_seat import LONGEST, BrowserSeat, answer_from, speech_from

SEATS_FILE = ".seats.json"
"""In a run folder: the addresses of its seats, so that they stay the same when the run is resumed."""
LARGEST = 64 * 1024
"""Bytes of a request."""
LINGER = 600.0
"""Seconds for which the last page can still be fetched when a talk is over."""
SETTLE = 10.0
"""Seconds more once everybody has seen it, for their other tabs and slow lines."""


class SeatedDialogue:
    """One dialogue with people at its seats.

    Args:
        config: what is played; the participants called "human" are people.
        out: the run folder to make; None: a new one in ./runs.
        resume: the run folder to go on with instead.
        send_key_to: URLs of servers, named in that run's header, that may get the user's key.

    """

    def __init__(
        self,
        config: RunConfig,
        *,
        out: Path | None = None,
        resume: Path | None = None,
        send_key_to: Collection[str] = (),
    ) -> None:
        self._config, self._out, self._resume, self._send_key_to = config, out, resume, send_key_to
        self.run: Run | None = None
        self.seats: dict[int, BrowserSeat] = {}
        known = _known_tokens(resume)
        for role in people(config):
            seat = BrowserSeat(role)
            seat.token = known.get(str(role), seat.token)
            self.seats[role] = seat

    def seat(self, token: str) -> BrowserSeat:
        """Return the seat of an address; what is no seat is no page."""
        found = next((seat for seat in self.seats.values() if seat.token == token), None)
        if found is None:
            raise HTTPException(404, "there is no such seat; use the address you were given")
        return found

    async def play(self) -> Run:
        """Play the dialogue to its end, waiting for people as long as they take.

        Raises:
            NegosimError: what stopped the run.

        """
        with seated(lambda role: self.seats[role]):
            try:
                if self._resume is not None:
                    return await resume_async(self._resume, watch=self._watch, send_key_to=self._send_key_to)
                return await generate_async(self._config, out=self._out, watch=self._watch)
            except NegosimError:
                for seat in self.seats.values():
                    seat.trouble = "The talk cannot go on for now. What was said is kept."
                    seat.tell()
                raise

    def _watch(self, event: Event) -> None:
        """Pass on to the seats what there is to see."""
        if isinstance(event, RunStarted):
            self.run = event.run
            tokens = {str(role): seat.token for role, seat in self.seats.items()}
            write_whole(event.run.path / SEATS_FILE, orjson.dumps(tokens))
            (event.run.path / SEATS_FILE).chmod(0o600)
        for seat in self.seats.values():
            if isinstance(event, DialogueStarted):
                seat.scenario = event.scenario
                seat.deceptive = seat.role in event.condition.deceptive
            elif isinstance(event, TurnFinished):
                seat.turns.append(event.turn)
            elif isinstance(event, DialogueFinished):
                seat.finished = event.dialogue
            seat.tell()


def people(config: RunConfig) -> list[int]:
    """Return the positions of the roles that people play."""
    players = config.players(load_scenario(config.scenarios[0]))
    return [role for role, model in enumerate(players) if model == HUMAN]


def _known_tokens(folder: Path | None) -> Mapping[str, str]:
    """Return the addresses that the seats of a run had before."""
    if folder is None:
        return {}
    with suppress(OSError, orjson.JSONDecodeError):
        found = orjson.loads((folder / SEATS_FILE).read_bytes())
        if isinstance(found, dict):
            return {role: token for role, token in found.items() if isinstance(token, str)}
    return {}


def seat_page(seat: BrowserSeat, *, wrong: str = "", form: Mapping[str, str] | None = None) -> str:
    """Return what a person sees: their own side, what everybody heard, and what is waited for.

    Args:
        seat: where they sit.
        wrong: what was wrong with what they handed in.
        form: what they had filled in.

    """
    scenario, role = seat.scenario, seat.role
    lens = Lens(frozenset({role}), thoughts=False)
    shown: dict[str, Any] = {"own": None, "others": [], "turns": [], "deal": [], "lines": [], "verdict": ""}
    if scenario is not None:
        condition = Condition(deceptive=(role,) if seat.deceptive else ())
        roles = role_views(scenario, condition, [""] * len(scenario.roles), lens)
        shown |= {
            "own": roles[role],
            "others": [each for each in roles if each.position != role],
            "turns": list(turn_views(seat.turns, scenario, lens)),
        }
        if seat.finished is not None:
            shown["verdict"] = verdict(seat.finished).capitalize()
            shown["lines"] = outcome_lines(seat.finished, scenario, lens)
            shown["deal"] = scenario.describe(seat.finished.outcome.deal or {})
            shown["value"] = (seat.finished.outcome.values or [None] * (role + 1))[role]
    return render(
        "seat.html",
        links=ServerLinks(),
        seat=seat,
        scenario=scenario,
        role=role,
        left=_left(seat),
        wrong=wrong,
        form=form or {},
        **seat_values(seat),
        **shown,
    )


def seat_values(seat: BrowserSeat) -> dict[str, Any]:
    """Return what the templates of questions and moves show of what is waited for."""
    scenario, table = seat.scenario, seat.view.table if seat.view else None
    offer = table.acceptable_by(seat.role) if table else None
    whole = bool(scenario and offer and len(offer) == len(scenario.issues))
    return {
        "moves": table.moves(seat.role) if table else (),
        "open_offer": scenario.describe(offer) if scenario and offer else "",
        "open_worth": scenario.value(seat.role, offer) if scenario and offer and whole else None,
        "listeners": can_tell_aside(seat.view) if seat.view else (),
        "speakers": can_give_floor_to(seat.view) if seat.view else (),
        "standing": {**table.settled, **(table.standing or {})} if table else {},
        "longest": LONGEST,
        "belief_limit": BELIEF_LIMIT,
        "belief_share": BELIEF_SHARE,
    }


def _left(seat: BrowserSeat) -> int | None:
    """Return how many utterances there may still be; None: as many as they like."""
    most = seat.view.side.max_turns if seat.view else 0
    return most - len(seat.turns) if most else None


def seats_app(session: SeatedDialogue, *, hosts: Sequence[str] = ()) -> Starlette:
    """Return the pages of a session's seats as an ASGI application.

    Args:
        session: what is played; whoever serves the pages also awaits `session.play()`.
        hosts: names it may be reached by, besides those of this machine.

    """

    async def page(request: Request) -> Response:
        seat = session.seat(request.path_params["token"])
        if seat.finished is not None:
            seat.seen_end.set()
        return HTMLResponse(seat_page(seat))

    async def handed_in(request: Request, take: Callable[[BrowserSeat, dict[str, str]], Any]) -> Response:
        seat = session.seat(request.path_params["token"])
        check_origin(request)
        async with request.form(max_files=0, max_fields=100) as fields:
            form = {name: value for name, value in fields.items() if isinstance(value, str)}
        if await seat.waits_for(form.get("step", "")):
            try:
                seat.give(seat.step, take(seat, form))
            except ValueError as error:
                return HTMLResponse(seat_page(seat, wrong=str(error), form=form), 422)
            await asyncio.sleep(0)
        return RedirectResponse(f"/seat/{seat.token}", 303)

    async def say(request: Request) -> Response:
        def take(seat: BrowserSeat, form: dict[str, str]) -> Any:
            if seat.measure is not None or seat.view is None:
                raise ValueError("there is a question to be answered first")
            return speech_from(seat.view, form)

        return await handed_in(request, take)

    async def answer(request: Request) -> Response:
        def take(seat: BrowserSeat, form: dict[str, str]) -> Any:
            if seat.measure is None or seat.view is None:
                raise ValueError("there is no question now")
            return answer_from(seat.view, seat.measure, form)

        return await handed_in(request, take)

    async def events(request: Request) -> Response:
        seat = session.seat(request.path_params["token"])
        after = request.query_params.get("after", "0")
        return EventSourceResponse(news(seat, int(after) if after.isdecimal() else 0), ping=15)

    return application(
        [
            Route("/seat/{token}", page),
            Route("/seat/{token}/say", say, methods=["POST"]),
            Route("/seat/{token}/answer", answer, methods=["POST"]),
            Route("/seat/{token}/events", events),
        ],
        static=("style.css", "seat.js"),
        hosts=hosts,
        handlers={HTTPException: lambda request, error: wrong_page(error, getattr(error, "detail", ""))},
        max_body_size=LARGEST,
    )


def check_origin(request: Request) -> None:
    """Turn away what a page of another site hands in."""
    origin = request.headers.get("origin")
    elsewhere = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if elsewhere or (origin is not None and urlsplit(origin).netloc != request.headers.get("host")):
        raise HTTPException(403, "this was sent by a page of another site")


async def news(seat: BrowserSeat, known: int) -> AsyncIterator[ServerSentEvent]:
    """Yield an event whenever there is something newer at a seat than what is known."""
    while True:
        known = await seat.changed(known)
        yield ServerSentEvent(str(known), event="changed", id=str(known))


async def play_in_browser(
    session: SeatedDialogue, listener: socket.socket, hosts: Sequence[str], stored: Callable[[Run], None]
) -> Run:
    """Serve the seats' pages while the dialogue is played, and until everybody has seen how it ended.

    Args:
        session: what is played.
        listener: where to listen.
        hosts: names it may be reached by.
        stored: told when the dialogue is over.

    Raises:
        NegosimError: what stopped the run.

    """
    server = server_of(seats_app(session, hosts=hosts))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    playing = asyncio.create_task(session.play())
    try:
        await asyncio.wait({serving, playing}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            raise KeyboardInterrupt
        run = playing.result()
        stored(run)
        ends = [asyncio.create_task(seat.seen_end.wait()) for seat in session.seats.values()]
        await asyncio.wait(
            {serving, asyncio.gather(*ends)}, timeout=LINGER, return_when=asyncio.FIRST_COMPLETED
        )
        await asyncio.wait({serving}, timeout=SETTLE)
        return run
    finally:
        playing.cancel()
        server.should_exit = True
        await asyncio.gather(playing, serving, return_exceptions=True)
