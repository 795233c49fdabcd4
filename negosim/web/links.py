"""Addresses of pages: on a server, and in a folder that is opened from disk."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote, urlencode


class Links(Protocol):
    """Where pages are."""

    live: bool
    """Whether there is a server, so that pages can be asked for another view and grow."""

    def static(self, name: str) -> str:
        """Return where a file of the page's looks or behaviour is."""
        ...

    def runs(self) -> str:
        """Return where the table of runs is."""
        ...

    def run(self, key: str, view: str, **query: str) -> str:
        """Return where a run's table of dialogues is."""
        ...

    def dialogue(self, key: str, number: int, view: str) -> str:
        """Return where a dialogue is."""
        ...

    def figure(self, key: str, number: int, name: str, view: str) -> str:
        """Return where a figure of a dialogue is."""
        ...

    def pair(self, key: str, number: int, other: int) -> str:
        """Return where two dialogues stand side by side."""
        ...


class ServerLinks:
    """Addresses on a server."""

    live = True

    def static(self, name: str) -> str:
        """Return where a static file is."""
        return f"/static/{name}"

    def runs(self) -> str:
        """Return where the table of runs is."""
        return "/"

    def run(self, key: str, view: str, **query: str) -> str:
        """Return where a run's table of dialogues is."""
        return f"/runs/{quote(key, safe='')}?{urlencode({'view': view, **query})}"

    def dialogue(self, key: str, number: int, view: str) -> str:
        """Return where a dialogue is."""
        return f"/runs/{quote(key, safe='')}/{number}?{urlencode({'view': view})}"

    def figure(self, key: str, number: int, name: str, view: str) -> str:
        """Return where a figure is."""
        return f"/runs/{quote(key, safe='')}/{number}/{name}.svg?{urlencode({'view': view})}"

    def pair(self, key: str, number: int, other: int) -> str:
        """Return where two dialogues stand side by side."""
        return f"/runs/{quote(key, safe='')}/{number}/beside/{other}"

    def making(self, key: str, making: str, view: str) -> str:
        """Return where a dialogue in the making is."""
        return f"/runs/{quote(key, safe='')}/making/{making}?{urlencode({'view': view})}"

    def events(self, key: str) -> str:
        """Return where a page is told that there is something new."""
        return f"/runs/{quote(key, safe='')}/events"


class FolderLinks:
    """Addresses in one folder: names of files, so that it opens from disk and from anywhere on the web."""

    live = False

    def static(self, name: str) -> str:
        """Return the file's name."""
        return name

    def runs(self) -> str:
        """Return the first page: a folder has one run."""
        return "index.html"

    def run(self, key: str, view: str, **query: str) -> str:
        """Return a page of the table of dialogues."""
        page = query.get("page", "1")
        return "index.html" if page == "1" else f"index-{page}.html"

    def dialogue(self, key: str, number: int, view: str) -> str:
        """Return a dialogue's file."""
        return f"{number:04d}.html"

    def figure(self, key: str, number: int, name: str, view: str) -> str:
        """Return a figure's file."""
        return f"{number:04d}-{name}.svg"

    def pair(self, key: str, number: int, other: int) -> str:
        """Return the file of two dialogues side by side."""
        return f"{min(number, other):04d}-beside-{max(number, other):04d}.html"


class FileLinks(FolderLinks):
    """Addresses in one file that has everything in itself.

    Args:
        static: the files of the page's looks and behaviour, by name.
        figures: the figures as SVG, by name.

    """

    def __init__(self, static: Mapping[str, bytes], figures: Mapping[str, bytes]) -> None:
        self._static, self._figures = static, figures

    def static(self, name: str) -> str:
        """Return the file itself."""
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return _inline(kind, self._static[name])

    def figure(self, key: str, number: int, name: str, view: str) -> str:
        """Return the figure itself."""
        return _inline("image/svg+xml", self._figures[name])

    def run(self, key: str, view: str, **query: str) -> str:
        """Return the top of the page: there is no other."""
        return "#main"


def _inline(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
