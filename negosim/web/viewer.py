"""The viewer: runs, a run's dialogues, a dialogue, two side by side; nothing can be changed through it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from time import monotonic

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from negosim.engine import seated_models
from negosim.errors import UserError
from negosim.terminal import Lens, lens_of
from negosim.web.app import TYPES, application, wrong_page
from negosim.web.columns import PAGE, TableQuery, chosen
from negosim.web.dialogue import dialogue_view, role_views, turn_views
from negosim.web.figures import figures_of
from negosim.web.guard import KeyGate
from negosim.web.links import ServerLinks
from negosim.web.making import Making, RunWatch, being_made, stopped
from negosim.web.pages import (
    STATIC,
    PageContext,
    beside_page,
    columns_of,
    dialogue_page,
    lens_for_run,
    render,
    run_page,
    views_of,
)
from negosim.web.run_folders import RunFolders, Shelf, lost
from negosim.web.runs import run_rows, sorted_rows

READING = 0.4
"""Seconds a page may spend on carrying an index on; the rest is read while the page is being looked at."""


class Viewer:
    """Answers the requests of a viewer.

    Args:
        folders: the runs.
        view: the only view there is ("public", "1", ...); "all" lets the reader choose.

    """

    def __init__(self, folders: RunFolders, view: str) -> None:
        self._folders, self._only = folders, None if view == "all" else view
        self._links = ServerLinks()
        self._made: dict[str, str] = {}
        """Ids of the dialogues that were shown in the making, by their names in addresses."""

    def place(self, request: Request, shelf: Shelf) -> PageContext:
        """Return where a page stands; a view that is not to be had is no page."""
        every = views_of(list(shelf.run.header.scenarios.values()))
        allowed = [each for each in every if self._only in (None, each[0])]
        view = request.query_params.get("view", self._only or "all")
        if view not in [name for name, _ in allowed]:
            raise HTTPException(404, "there is no such view here")
        return PageContext(self._links, shelf.key, view, allowed)

    def runs(self, request: Request) -> Response:
        """Show the table of runs."""
        shelves, wrong = self._folders.shelves()
        until = monotonic() + READING
        given = request.query_params
        rows = run_rows(shelves, until, private=self._only is None)
        shown = sorted_rows(rows, given.get("q", ""), given.get("sort", ""), down=given.get("down") == "1")
        return HTMLResponse(
            render(
                "runs.html",
                links=self._links,
                rows=shown,
                total=len(rows),
                q=given.get("q", ""),
                sort=given.get("sort", ""),
                down=given.get("down") == "1",
                wrong=wrong if self._only is None else [],
                private=self._only is None,
                view=self._only or "all",
            )
        )

    def run(self, request: Request) -> Response:
        """Show a run's table of dialogues."""
        shelf = self._folders.shelf(request.path_params["key"])
        place = self.place(request, shelf)
        done = shelf.index.refresh(READING)
        lens = lens_for_run(place.view, shelf.run)
        question = TableQuery.of(request.query_params, request.query_params.getlist("col"))
        every = columns_of(shelf.run, lens)
        seen = chosen(every, question.wanted)
        where, given = question.where(lens)
        found = shelf.index.count(where, given)
        rows = shelf.index.find(
            where, given, order=question.order(every), limit=PAGE, offset=(question.page - 1) * PAGE
        )
        making = [
            (one.key, one.id if lens.truth else one.scenario, len(one.turns)) for one in self._making(shelf)
        ]
        stored = shelf.index.count()
        page = run_page(
            *(place, shelf.run, question, seen, every, rows, found),
            stored=stored,
            stopped=done and stopped(shelf.run, stored),
            private=self._only is None,
            reading=not done,
            making=making,
            damaged=shelf.index.damaged() if self._only is None else [],
            lost=lost(shelf.run, shelf.index) if done and self._only is None else None,
            choices={
                "scenario": shelf.index.values("scenario"),
                "condition": shelf.index.values("condition") if lens.truth else [],
                "outcome": shelf.index.values("CASE status WHEN 'failed' THEN 'failed' ELSE outcome END"),
            },
        )
        return HTMLResponse(page)

    def dialogue(self, request: Request) -> Response:
        """Show a dialogue."""
        shelf = self._folders.shelf(request.path_params["key"])
        place, number = self.place(request, shelf), request.path_params["number"]
        shelf.index.refresh(READING)
        dialogue = shelf.index.dialogue(number)
        near = [one.number for one in shelf.index.find("number IN (?, ?)", (number - 1, number + 1))]
        scenario = shelf.run.scenario_of(dialogue)
        lens = lens_of(place.view, scenario)
        page = dialogue_page(
            *(place, number, dialogue_view(dialogue, scenario, lens, shelf.index.sheets(dialogue.id))),
            before=number - 1 if number - 1 in near else None,
            after=number + 1 if number + 1 in near else None,
            partners=shelf.index.partners(number, dialogue),
        )
        return HTMLResponse(page)

    def figure(self, request: Request) -> Response:
        """Draw a figure of a dialogue, where the view may see it."""
        shelf = self._folders.shelf(request.path_params["key"])
        place = self.place(request, shelf)
        dialogue = shelf.index.dialogue(request.path_params["number"])
        scenario = shelf.run.scenario_of(dialogue)
        lens = lens_of(place.view, scenario)
        draw = figures_of(dialogue_view(dialogue, scenario, lens), dialogue, scenario, lens)
        if request.path_params["name"] not in draw:
            raise HTTPException(404, "there is no such figure in this view")
        return Response(draw[request.path_params["name"]](), media_type=TYPES["svg"])

    def beside(self, request: Request) -> Response:
        """Show two dialogues side by side, turn by turn; for those who may know both conditions."""
        shelf = self._folders.shelf(request.path_params["key"])
        place = self.place(request, shelf)
        numbers = [request.path_params["number"], request.path_params["other"]]
        pair = [shelf.index.dialogue(number) for number in numbers]
        scenarios = [shelf.run.scenario_of(each) for each in pair]
        if place.view != "all" or scenarios[0] != scenarios[1]:
            raise HTTPException(
                404, "only dialogues of one scenario stand side by side, with everything shown"
            )
        return HTMLResponse(beside_page(place, shelf.run, list(zip(numbers, pair, strict=True))))

    def making(self, request: Request) -> Response:
        """Show a dialogue in the making."""
        shelf = self._folders.shelf(request.path_params["key"])
        place = self.place(request, shelf)
        key = request.path_params["making"]
        found = next((one for one in self._making(shelf) if one.key == key), None)
        shelf.index.refresh(READING)
        if found is None:
            number = shelf.index.number_of(self._made.get(key, ""))
            if number is None:
                raise HTTPException(
                    404, "this dialogue is no longer in the making; it stands among the others"
                )
            return RedirectResponse(self._links.dialogue(shelf.key, number, place.view), 303)
        scenario = shelf.run.scenario(found.scenario)
        lens: Lens = lens_of(place.view, scenario)
        models = seated_models(shelf.run.config, scenario, found.id)
        return HTMLResponse(
            render(
                "making.html",
                links=self._links,
                place=place,
                run=shelf.run,
                stopped=stopped(shelf.run, shelf.index.count()),
                private=self._only is None,
                title=scenario.title,
                summary=scenario.summary,
                roles=role_views(scenario, found.condition, models, lens),
                turns=list(turn_views(found.turns, scenario, lens, measured=found.measurements)),
            )
        )

    def _making(self, shelf: Shelf) -> list[Making]:
        found = being_made(shelf.run)
        self._made |= {one.key: one.id for one in found}
        return found

    async def events(self, request: Request) -> Response:
        """Tell a page whenever the run has grown."""
        shelf = await run_in_threadpool(self._folders.shelf, request.path_params["key"])
        return EventSourceResponse(_changes(shelf), ping=15)


async def _changes(shelf: Shelf) -> AsyncIterator[ServerSentEvent]:
    """Look at the run's files once a second; no file is watched, so that it works everywhere."""
    watch = RunWatch(shelf.run)

    def state() -> tuple[tuple[str, int], ...]:
        return watch.state(shelf.index.count())

    known = await run_in_threadpool(state)
    whole = False
    while True:
        whole = whole or await run_in_threadpool(shelf.index.refresh, READING)
        now = await run_in_threadpool(state)
        if now != known or not whole:
            known, whole = now, whole and now == known
            yield ServerSentEvent(str(await run_in_threadpool(shelf.index.count)), event="changed")
        await asyncio.sleep(1)


def viewer(
    places: Sequence[str | Path], *, view: str = "all", key: str = "", hosts: Sequence[str] = ()
) -> Starlette:
    """Return the viewer as an ASGI application.

    Args:
        places: run folders, and folders of run folders.
        view: what may be seen at most: "public", a side's number, or "all", which lets the reader choose.
        key: what a browser must know to be let in; "" lets everybody in.
        hosts: names it may be reached by, besides those of this machine.

    Raises:
        UserError: a place is no folder, or there is no such view.

    """
    if view not in ("public", "all") and not (view.isdecimal() and int(view) > 0):
        raise UserError(f"view {view!r} is unknown; there are public, all, and the sides' numbers from 1")
    pages = Viewer(RunFolders([Path(place) for place in places]), view)

    run = "/runs/{key}"
    routes = [
        Route("/", pages.runs),
        Route(run, pages.run),
        Route(f"{run}/events", pages.events),
        Route(f"{run}/making/{{making}}", pages.making),
        Route(f"{run}/{{number:int}}", pages.dialogue),
        Route(f"{run}/{{number:int}}/{{name}}.svg", pages.figure),
        Route(f"{run}/{{number:int}}/beside/{{other:int}}", pages.beside),
    ]
    gate = [Middleware(KeyGate, key=key)] if key else []
    return application(
        routes,
        static=STATIC,
        hosts=hosts,
        gate=gate,
        handlers={
            UserError: _wrong(lambda error: str(error) if view == "all" else ""),
            HTTPException: _wrong(lambda error: getattr(error, "detail", "")),
        },
    )


def _wrong(words: Callable[[Exception], str]) -> Callable[[Request, Exception], Response]:
    """Return what answers errors; where not everything may be seen, no more is told than that."""

    def page(request: Request, error: Exception) -> Response:
        return wrong_page(error, words(error) or "there is nothing to show here", runs=True)

    return page
