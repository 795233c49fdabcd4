"""Pictures of the pages for docs/web.md: a dialogue at desktop width, a seat at phone width.

python benchmarks/web_pictures.py docs/figures
"""

import asyncio
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

import negosim
from negosim.web.seat import SeatedDialogue, play_in_browser
from negosim.web.server import listening, server_of
from negosim.web.viewer import viewer

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main(target: Path) -> None:
    """Make a run, serve it and a seat, and take the pictures."""
    folder = Path(tempfile.mkdtemp())
    config = negosim.RunConfig(scenarios="viatex", conditions=["honest", "deceptive-2"])
    negosim.generate(config, out=folder / "first-run")
    session = SeatedDialogue(
        negosim.RunConfig(scenarios="viatex", models=["human", "sim"]), out=folder / "talk"
    )
    reading, sitting = listening("127.0.0.1", 0), listening("127.0.0.1", 0)
    server = server_of(viewer([folder / "first-run"]))

    async def serve() -> None:
        await asyncio.gather(
            server.serve(sockets=[reading]),
            play_in_browser(session, sitting, ["127.0.0.1"], lambda run: None),
        )

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    with sync_playwright() as driver:
        chromium = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.goto(f"http://127.0.0.1:{reading.getsockname()[1]}/runs/first-run/2")
        page.wait_for_timeout(8000)
        page.screenshot(path=target / "web-dialogue.png")
        page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
        seat = f"http://127.0.0.1:{sitting.getsockname()[1]}/seat/{session.seats[0].token}"
        page.goto(seat, wait_until="domcontentloaded")
        page.get_by_label("What you say").fill("Good morning, Owen. What matters most to you?")
        page.get_by_role("button", name="Say it", exact=True).click()
        page.locator("#turn-2").wait_for()
        page.get_by_text("Make an offer").click()
        page.get_by_label("Unit price").select_option("0.1")
        page.get_by_label("Bottle design").select_option("lighter")
        page.locator("#log").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('.talk h2').scrollIntoView()")
        page.screenshot(path=target / "web-seat.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
