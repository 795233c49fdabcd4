"""The pages in a real browser: what only a browser can tell."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import negosim
from negosim.store import Run
from negosim.web import write_bundle
from negosim.web.seat import SeatedDialogue, play_in_browser
from negosim.web.server import listening, server_of
from negosim.web.viewer import viewer

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here (apt-get install chromium)"),
    pytest.mark.xdist_group("chromium"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


class Tab:
    """A page that fails where a script does, or where anything is asked of another machine."""

    def __init__(self, browser: Any, **settings: Any) -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(20_000)
        self.context.route("**/*", self._stay)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)

    def _stay(self, route: Any) -> None:
        if route.request.url.startswith(("http://127.0.0.1:", "file:", "data:")):
            route.continue_()
        else:
            self.wrong.append(f"asked {route.request.url}")
            route.abort()

    def go(self, address: str) -> Any:
        self.page.goto(address, wait_until="domcontentloaded")
        return self.page

    def close(self) -> None:
        self.context.close()
        assert self.wrong == []


def serving_pages(app: Any) -> "Serving":
    server = server_of(app)

    def leave() -> None:
        server.should_exit = True

    return Serving(lambda listener: server.serve(sockets=[listener]), leave)


class Serving:
    """Something that is served in a thread until it is stopped."""

    def __init__(self, start: Any, leave: Any = None) -> None:
        self._leave = leave
        self._listener = listening("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start = start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        async def serve() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            await self._start(self._listener)

        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(serve())

    def stop(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            assert self._task is not None
            self._loop.call_soon_threadsafe(self._leave or self._task.cancel)
        self._thread.join(300)


def violations(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.fixture
def viewing(made: Path) -> Iterator[str]:
    server = serving_pages(viewer([made]))
    yield server.address
    server.stop()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_fit_and_axe_finds_nothing(chromium: Any, viewing: str, width: int, scheme: str) -> None:
    # axe is put into the page, which the pages' own policy rightly forbids.
    tab = Tab(chromium, viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    for address in (
        "/",
        "/runs/kept?view=all",
        "/runs/kept/2?view=all",
        "/runs/kept/1/beside/2",
        "/runs/none",
    ):
        page = tab.go(viewing + address)
        if address.endswith("/2?view=all"):
            for summary in page.locator("li.turn details.thoughts summary").all()[:2]:
                summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert violations(page) == [], address
    tab.wrong = [line for line in tab.wrong if "404" not in line]
    tab.close()


def test_a_dialogue_is_read_with_the_keyboard_and_quotes_light_up(chromium: Any, viewing: str) -> None:
    tab = Tab(chromium)
    page = tab.go(f"{viewing}/runs/kept/2?view=all#turn-2")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "turn-3"
    page.keyboard.press("k")
    page.keyboard.press("o")
    assert page.locator("#turn-2 details.thoughts").get_attribute("open") is not None
    row = page.locator("tr[data-lights]").first
    row.hover()
    assert page.locator("mark.lit").count() >= 1
    page.mouse.move(0, 0)
    assert page.locator("mark.lit").count() == 0
    assert page.evaluate("document.querySelector('.figures img').getAttribute('alt').length") > 20
    tab.close()


def test_a_table_grows_while_it_is_looked_at(chromium: Any, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "plain", tmp_path / "growing")
    run = Run.open(tmp_path / "growing")
    server = serving_pages(viewer([run.path]))
    tab = Tab(chromium)
    page = tab.go(f"{server.address}/runs/growing")
    assert page.locator("table.rows tbody tr").count() == 4
    page.wait_for_timeout(1200)
    with run.writing() as writer:
        writer.append(run.dialogue(1).model_copy(update={"id": "rose-lane.honest.0009"}))
    page.locator("table.rows tbody tr").nth(4).wait_for()
    tab.close()
    server.stop()


def test_a_folder_opens_from_disk(chromium: Any, made: Path, tmp_path: Path) -> None:
    write_bundle(made / "kept", tmp_path / "pages", view="2")
    tab = Tab(chromium)
    page = tab.go((tmp_path / "pages" / "index.html").as_uri())
    page.get_by_role("link", name="2 dialogue").click()
    page.get_by_role("heading", name="Transcript").wait_for()
    assert page.locator("li.turn").count() > 2
    assert page.evaluate("getComputedStyle(document.querySelector('li.turn')).borderLeftWidth") != "0px"
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "turn-1"
    tab.close()


def test_a_person_makes_an_offer_reloads_and_goes_back(chromium: Any, tmp_path: Path) -> None:
    config = negosim.RunConfig(scenarios="viatex", models=["human", "sim"])
    session = SeatedDialogue(config, out=tmp_path / "run")
    server = Serving(lambda listener: play_in_browser(session, listener, ["127.0.0.1"], lambda run: None))
    seat = f"{server.address}/seat/{session.seats[0].token}"
    tab = Tab(chromium, viewport={"width": 360, "height": 800}, bypass_csp=True)
    page = tab.go(seat)
    page.get_by_text("It is your turn").wait_for()
    assert violations(page) == []
    page.get_by_label("What you say").fill("A draft")
    page.reload(wait_until="domcontentloaded")
    assert page.get_by_label("What you say").input_value() == "A draft"
    page.get_by_text("Make an offer").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for label, value in (("Unit price", "0.1"), ("Contract length", "24"), ("Payment term", "60")):
        page.get_by_label(label).select_option(value)
    page.get_by_label("Proposal process").select_option("quarterly")
    assert "so far" in page.locator("output").inner_text()
    page.get_by_label("Bottle design").select_option("lighter")
    assert page.locator("output").inner_text() == "Worth 90 points to you; no deal is worth 44."
    page.get_by_role("button", name="Say it with this offer").click()
    page.locator("#turn-2").wait_for()
    page.get_by_text("It is your turn").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    second = tab.context.new_page()  # a second tab
    second.goto(seat, wait_until="domcontentloaded")
    second.get_by_label("What you say").fill("From the second tab")
    second.get_by_role("button", name="Say it", exact=True).click()
    page.locator("#turn-4").wait_for()
    page.go_back(wait_until="domcontentloaded")
    page.goto(seat, wait_until="domcontentloaded")
    page.get_by_text("Walk away").click()
    page.get_by_role("button", name="Yes, end it").click()
    page.get_by_text("The talk is over").wait_for()
    assert violations(page) == []
    tab.close()
    server.stop()
    (dialogue,) = Run.open(tmp_path / "run")
    own = [turn.utterance.text for turn in dialogue.turns if turn.role == 0]
    assert own[:2] == ["A draft", "From the second tab"]
    assert len(own) == 3
