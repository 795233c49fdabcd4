"""A study's server: everybody's pages, each behind a link of its own, and the administrator's."""

import asyncio
import hmac
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from negosim.study import StudyQuestion, StudyStage
from negosim.study.storage import Row, StudyStore
from negosim.web.app import application, wrong_page
from negosim.web.seat import LARGEST, check_origin, news
from negosim.web.study_admin import AdminPages
from negosim.web.study_pages import FULL, StudyPage, may
from negosim.web.study_talk import StudyTalk, StudyTalks
from negosim.web.table_seat import answer_from, speech_from

MOST_A_MINUTE = 120
"""Things one person can hand in, and wrong links that can be tried from one address, in a minute."""


class MinuteLimit:
    """How often something may be done in a minute, by whom."""

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        self._most = most
        self._times: dict[str, deque[float]] = defaultdict(deque)

    def check(self, who: str) -> None:
        """Count once more.

        Raises:
            HTTPException: it was too often.

        """
        now = time.monotonic()
        for other in [name for name, times in self._times.items() if times and now - times[-1] > 60]:
            del self._times[other]
        times = self._times[who]
        while times and now - times[0] > 60:
            times.popleft()
        if len(times) >= self._most:
            raise HTTPException(429, "that was too much at once; wait a minute", {"Retry-After": "60"})
        times.append(now)


class StudyPages:
    """The pages of a study's people.

    Args:
        store: what is kept.
        talks: the conversations.
        limit: how often things can be handed in.

    """

    def __init__(self, store: StudyStore, talks: StudyTalks, limit: MinuteLimit | None = None) -> None:
        self.store, self.talks = store, talks
        self.limit = limit or MinuteLimit()

    @property
    def routes(self) -> list[Route]:
        """Where the pages are."""
        return [
            Route("/p/{token}", self.page),
            Route("/p/{token}/next", self.go_on, methods=["POST"]),
            Route("/p/{token}/say", self.say, methods=["POST"]),
            Route("/p/{token}/answer", self.say, methods=["POST"]),
            Route("/p/{token}/withdraw", self.withdrawal),
            Route("/p/{token}/events", self.events),
        ]

    def person(self, request: Request) -> Row:
        """Return whose link it is.

        Raises:
            HTTPException: nobody's, or it was tried too often.

        """
        found = self.store.person(request.path_params["token"])
        if found is None:
            self.limit.check(f"from {request.client.host if request.client else ''}")
            raise HTTPException(404, "there is no such page; use the link you were given")
        return found

    def stage(self, person: Row) -> StudyStage:
        """Return where a person stands."""
        return self.store.stages(person)[person["position"]]

    def conversation(self, person: Row) -> StudyTalk | None:
        """Return the conversation a person stands at, if it is one."""
        talking = person["status"] == "active" and self.stage(person).kind in ("talk", "practice")
        return self.talks.of(person) if talking else None

    async def page(self, request: Request) -> Response:
        """Show where a person stands. Looking changes nothing before there is consent."""
        person = self.person(request)
        talk = self.conversation(person)
        if talk is not None:
            await asyncio.sleep(0)  # what is waited for is then known
        return HTMLResponse(StudyPage(self.store, person).html(talk))

    async def withdrawal(self, request: Request) -> Response:
        """Ask whether everything is to be deleted."""
        return HTMLResponse(StudyPage(self.store, self.person(request)).withdrawal())

    async def events(self, request: Request) -> Response:
        """Tell a page that there is something new."""
        talk = self.conversation(self.person(request))
        if talk is None:
            return Response(status_code=204)
        after = request.query_params.get("after", "0")
        return EventSourceResponse(news(talk.seat, int(after) if after.isdecimal() else 0), ping=15)

    async def handed_in(self, request: Request) -> tuple[Row, dict[str, str]]:
        """Return who hands in what.

        Raises:
            HTTPException: it was too often, or a page of another site sent it.

        """
        person = self.person(request)
        self.limit.check(person["token"])
        check_origin(request)
        async with request.form(max_files=0, max_fields=200) as fields:
            form = {name: value for name, value in fields.items() if isinstance(value, str)}
        if not hmac.compare_digest(
            form.get("form", "").encode(), StudyPage(self.store, person).signature.encode()
        ):
            raise HTTPException(403, "this form is not from your own page; open your link again")
        return person, form

    async def go_on(self, request: Request) -> Response:
        """Take what a page asked, and show the next one; what is sent twice counts once."""
        person, form = await self.handed_in(request)
        there, choice = RedirectResponse(f"/p/{person['token']}", 303), form.get("choice", "")
        if choice == "withdraw" and person["status"] == "active":
            await self.talks.forget(person)
            self.store.withdraw(person)
            return there
        if form.get("stage") != str(person["position"]) or choice == "stay" or self.store.paused:
            return there
        stage = self.stage(person)
        if stage.kind == "consent":
            if person["status"] == "invited" and choice == "decline":
                self.store.decline(person)
            elif person["status"] == "invited" and choice == "agree" and not self.store.consent(person):
                return HTMLResponse(StudyPage(self.store, person).message("Thank you", FULL))
            return there
        if person["status"] != "active":
            return there
        if stage.kind in ("talk", "practice"):
            return await self._after_talk(person, stage, there)
        asked = self._asked(stage)
        answers, errors = read_form(asked, form)
        if errors:
            page = StudyPage(self.store, person, "Some answers are missing or wrong.", form, errors)
            return HTMLResponse(page.html(), 422)
        self._advance(person, answers)
        return there

    def _asked(self, stage: StudyStage) -> tuple[StudyQuestion, ...]:
        study = self.store.study
        if stage.kind == "survey" and study.survey is not None:
            return study.survey.questions
        return study.questions if stage.kind == "questions" else ()

    async def _after_talk(self, person: Row, stage: StudyStage, there: Response) -> Response:
        talk = self.talks.of(person)
        if talk.row["practice"] and talk.row["status"] == "open":
            await self.talks.end(talk)
        elif talk.row["status"] == "open":
            return there
        self._advance(person)
        return there

    def _advance(self, person: Row, answers: Sequence[Row] = ()) -> None:
        """Go on, past surveys about what has failed."""
        self.store.advance(person, person["position"], answers)
        while True:
            now = self.store.person(person["token"])
            if now is None or not self._nothing_to_rate(now):
                return
            self.store.advance(now, now["position"])

    def _nothing_to_rate(self, person: Row) -> bool:
        """Tell whether a person stands at a survey about conversations none of which came to an end."""
        stage = self.stage(person)
        if stage.kind != "survey":
            return False
        about = [
            talk["status"]
            for talk in self.store.talks(person)
            if not talk["practice"]
            and (talk["block"], talk["agent"]) == (stage.block, stage.agent)
            and stage.number in (0, talk["number"])
        ]
        return "complete" not in about

    async def say(self, request: Request) -> Response:
        """Take what a person says, or their answer to a private question; it is kept first of all."""
        person, form = await self.handed_in(request)
        there = RedirectResponse(f"/p/{person['token']}", 303)
        talk, step = self.conversation(person), form.get("step", "")
        if talk is None or form.get("stage") != str(person["position"]) or self.store.paused:
            return there
        if step in talk.seat.sent or not await talk.seat.waits_for(step):
            return there
        seat, view = talk.seat, talk.seat.view
        assert view is not None
        try:
            if not may(self.store.study.block(talk.row["block"]).may_end_early, form.get("action", "")):
                raise ValueError("this conversation goes on until it ends by itself")
            given: Any
            given = speech_from(view, form) if seat.measure is None else answer_from(view, seat.measure, form)
        except ValueError as error:
            page = StudyPage(self.store, person, str(error), form)
            return HTMLResponse(page.html(talk), 422)
        self.talks.take(talk, given)
        await asyncio.sleep(0)
        return there


def read_form(
    questions: Sequence[StudyQuestion], form: Mapping[str, str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the answers of a form as rows, and what is wrong with it, by question."""
    answers, errors = [], {}
    for question in questions:
        try:
            value = question.read(form.get(f"q-{question.id}", ""))
        except ValueError as error:
            errors[question.id] = str(error)
        else:
            text = None if value is None else orjson.dumps(value).decode()
            answers.append({"question": question.id, "value": text})
    return answers, errors


def study_app(store: StudyStore, talks: StudyTalks, *, hosts: Sequence[str] = (), **more: Any) -> Starlette:
    """Return the pages of a study as an ASGI application.

    Args:
        store: what is kept.
        talks: the conversations, opened.
        hosts: names it may be reached by, besides those of this machine.
        more: arguments of `StudyPages`.

    """
    return application(
        [*StudyPages(store, talks, **more).routes, *AdminPages(store, talks).routes],
        static=("style.css", "seat.js", "admin.js"),
        hosts=hosts,
        handlers={HTTPException: lambda request, error: wrong_page(error, getattr(error, "detail", ""))},
        max_body_size=LARGEST,
    )
