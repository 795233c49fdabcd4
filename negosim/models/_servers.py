"""Several servers of one model: each dialogue stays with one, a dead one is taken out and tried again later.

A dialogue's calls share their beginning, so that its server finds it in its prefix cache. A new dialogue
goes to the server that has been given the fewest; where several have, a hash of dialogue and server decides,
so that processes that know nothing of each other spread them too.
"""

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from negosim.errors import ModelError
from negosim.models._http import Server
from negosim.models._reply import Reply
from negosim.models._secrets import Secrets
from negosim.models._sticky import current_dialogue

logger = logging.getLogger("negosim.models")

FIRST_REST, LONGEST_REST = 15.0, 300.0
"""Seconds after which a server that was taken out is tried again; doubled with each failure."""
REMEMBERED = 20_000
"""Dialogues whose server is remembered."""


@dataclass
class _Place:
    """A server, and how it is doing."""

    server: Server
    given: int = 0
    """Dialogues it was given."""
    rest: float = 0.0
    """How long it is left alone after its last failure; 0 while it answers."""
    until: float = 0.0
    """When it is tried again."""

    def live(self, now: float) -> bool:
        return not self.rest or now >= self.until


class Servers:
    """A connection to several servers of the same model."""

    def __init__(self, servers: Sequence[Server], secrets: Secrets) -> None:
        self.secrets = secrets
        self._places = [_Place(server) for server in servers]
        self._homes: OrderedDict[str, _Place] = OrderedDict()

    async def post(
        self, path: str, body: Any, before_resend: Callable[[], Awaitable[None]], *, doubtful: bool = False
    ) -> Reply:
        """Send a request to the dialogue's server, and to another where that one is out.

        Raises:
            ModelError: it did not pass at any.

        """
        tried, requests = list[_Place](), 0
        while True:
            place = self._place_of(current_dialogue(), tried)
            spare = len(tried) < len(self._places) - 1 and any(
                one.live(time.monotonic()) for one in self._places if one not in (place, *tried)
            )
            try:
                reply = await place.server.post(path, body, before_resend, doubtful=doubtful, spare=spare)
            except ModelError as error:
                requests += error.requests
                error.requests = requests
                if error.fault != "outage":
                    raise
                self._take_out(place, error)
                tried.append(place)
                if not spare:
                    raise
                if error.lost:
                    await before_resend()
                continue
            self._put_in(place)
            return replace(reply, requests=reply.requests + requests)

    async def get(self, path: str, seconds: float) -> Reply:
        """Fetch from every server, within some seconds; return what one of them says, a refused key first.

        Raises:
            ModelError: none can be reached.

        """
        replies, failed = list[Reply](), ModelError("no server")
        for place in self._places:
            try:
                replies.append(await place.server.get(path, seconds))
            except ModelError as error:
                failed = ModelError(f"{place.server.base_url}: {error}")
                self._take_out(place, error)
        if not replies:
            raise failed
        return next((reply for reply in replies if reply.status in (401, 407)), replies[0])

    async def close(self) -> None:
        """Release all connections."""
        for place in self._places:
            await place.server.close()

    def _place_of(self, dialogue: str, tried: Sequence[_Place]) -> _Place:
        """Return the server of a dialogue; where that is out, another from now on."""
        now = time.monotonic()
        left = [place for place in self._places if place not in tried]
        usable = [place for place in left if place.live(now)]
        home = self._homes.get(dialogue)
        if home is None or home not in usable:
            # Where all are out, the one that is tried again soonest is waited for.
            home = min(
                usable or [min(left, key=lambda place: place.until)],
                key=lambda place: (place.given, _weight(dialogue, place.server.base_url)),
            )
            home.given += 1
            if dialogue:
                self._homes[dialogue] = home
                while len(self._homes) > REMEMBERED:
                    self._homes.popitem(last=False)
        if home.rest:
            home.until = now + home.rest  # one request tries it; the others stay away meanwhile
        return home

    def _take_out(self, place: _Place, error: ModelError) -> None:
        place.rest = min(2 * place.rest or FIRST_REST, LONGEST_REST)
        place.until = time.monotonic() + place.rest
        logger.warning("%s is taken out for %.0f s: %s", place.server.base_url, place.rest, error.for_record)

    def _put_in(self, place: _Place) -> None:
        if not place.rest:
            return
        place.rest = 0.0
        others = [one.given for one in self._places if one is not place and not one.rest]
        place.given = max(place.given, min(others, default=0))  # it is not to get all new ones at once
        logger.warning("%s answers again, and is put back in", place.server.base_url)


def _weight(dialogue: str, url: str) -> bytes:
    return hashlib.sha256(f"{dialogue}\x1f{url}".encode()).digest()
