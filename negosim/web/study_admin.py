"""The page of whoever runs a study: counts, drop-outs, cost, and a stop."""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from negosim._text import money
from negosim.study.status import status_of
from negosim.study.storage import StudyStore
from negosim.web.links import ServerLinks
from negosim.web.pages import render
from negosim.web.seat import check_origin
from negosim.web.study_talk import StudyTalks

COOKIE = "negosim-study-admin"
BY_HAND = "stopped by hand"


class AdminPages:
    """The administrator's page.

    Args:
        store: the study.
        talks: its conversations.

    """

    def __init__(self, store: StudyStore, talks: StudyTalks) -> None:
        self.store, self.talks = store, talks

    @property
    def routes(self) -> list[Route]:
        """Where it is."""
        return [Route("/admin", self.page), Route("/admin/pause", self.pause, methods=["POST"])]

    async def page(self, request: Request) -> Response:
        """Show how the study goes; the key in the address becomes a cookie."""
        given = request.query_params.get("key")
        if given is not None and self._is_key(given):
            there = RedirectResponse("/admin", 303)
            there.set_cookie(COOKIE, given, httponly=True, samesite="strict", path="/admin")
            return there
        self._check(request)
        status = status_of(self.store)
        limits = [f"{money(self.talks.usd)}" if self.talks.usd is not None else ""]
        limits += [f"{self.talks.tokens:,} tokens" if self.talks.tokens is not None else ""]
        page = render(
            "study-admin.html",
            links=ServerLinks(),
            title=self.store.study.title,
            status=status,
            limit=", ".join(filter(None, limits)) or "none",
            money=money,
        )
        return HTMLResponse(page)

    async def pause(self, request: Request) -> Response:
        """Stop the study, or let it go on."""
        self._check(request)
        check_origin(request)
        async with request.form(max_files=0, max_fields=5) as form:
            self.store.pause(BY_HAND if form.get("choice") == "pause" else "")
        return RedirectResponse("/admin", 303)

    def _check(self, request: Request) -> None:
        if not self._is_key(request.cookies.get(COOKIE, "")):
            raise HTTPException(403, "this page needs the address that negosim printed, key and all")

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), str(self.store.about["admin"]).encode())
