"""Pictures of a study's pages for docs/study.md: consent, a conversation and a survey at phone width.

python benchmarks/study_pictures.py docs/figures
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from matplotlib import image
from matplotlib import pyplot as plt
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main(target: Path) -> None:
    """Serve a study, take part in it, and take the pictures."""
    folder = Path(tempfile.mkdtemp())
    file = folder / "persuasion.yaml"
    subprocess.run([sys.executable, "-m", "negosim", "study", "init", "--out", str(file)], check=True)
    text = (
        file.read_text()
        .replace("conversations: 3", "conversations: 1")
        .replace("turn_cap: 10", "turn_cap: 2")
    )
    file.write_text(text.replace("when: at_end", "when: at_once"))
    command = [
        sys.executable,
        "-u",
        "-m",
        "negosim",
        "study",
        "run",
        str(file),
        "--out",
        str(folder / "kept"),
    ]
    server = subprocess.Popen([*command, "--port", "0", "--links", "1"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    links: list[str] = []
    while len(links) < 2:
        links += re.findall(r"http://\S+", server.stdout.readline())
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 390, "height": 844})
            taken = [folder / f"{name}.png" for name in ("consent", "talk", "survey")]
            page.goto(links[0])
            page.screenshot(path=taken[0])
            page.get_by_role("button", name="I agree").click()
            page.get_by_role("radio", name="3 (now and then)").check()
            page.get_by_role("button", name="Go on").click()
            page.get_by_role("button", name="Go on").click()
            page.get_by_role("button", name="I am ready").click()
            page.get_by_label("What you say").fill("Hello! What is this about?")
            page.get_by_role("button", name="Say it", exact=True).click()
            page.locator("#turn-3").wait_for()
            page.locator(".talk h2").evaluate("element => element.scrollIntoView()")
            page.screenshot(path=taken[1])
            page.get_by_label("What you say").fill("I will think about it.")
            page.get_by_role("button", name="Say it", exact=True).click()
            page.get_by_role("button", name="Answer").wait_for()
            page.get_by_role("textbox").fill("1")
            page.get_by_role("button", name="Answer").click()
            page.get_by_role("button", name="Go on").click()
            page.get_by_text("Your view of").first.wait_for()
            page.screenshot(path=taken[2])
            desktop = browser.new_page(viewport={"width": 1100, "height": 800}, color_scheme="dark")
            desktop.goto(links[1])
            desktop.screenshot(path=target / "web-study-admin.png")
            browser.close()
    finally:
        server.kill()
    shots = [image.imread(path) for path in taken]
    figure, axes = plt.subplots(1, 3, figsize=(12, 8.8))
    for axis, shot in zip(axes, shots, strict=True):
        axis.imshow(shot)
        axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(target / "web-study.png", dpi=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
