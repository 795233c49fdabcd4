"""A study by three people in real browsers; the server is killed on the way and started again."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from negosim.study.storage import StudyStore

from .test_in_chromium import CHROMIUM, Tab, chromium, violations

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here (apt-get install chromium)"),
    pytest.mark.xdist_group("chromium"),
    pytest.mark.slow,
]

STUDY = {
    "schema_version": 1,
    "id": "browsers",
    "title": "A study in browsers",
    "consent": "Do you agree?",
    "instructions": "Talk with them.",
    "questions": [
        {
            "id": "chatbots",
            "question": "How often do you chat with programs?",
            "answer": "likert",
            "labels": {1: "never", 3: "always"},
        }
    ],
    "blocks": [{"id": "gift", "scenario": "donation", "role": "donor", "agents": ["habit:0"], "turn_cap": 2}],
    "survey": {
        "per": "conversation",
        "questions": [
            {
                "id": "fluency",
                "question": "How natural was {agent}?",
                "answer": "likert",
                "labels": {1: "not at all", 5: "very"},
            }
        ],
    },
    "debriefing": "They were programs.",
    "completion_code": "BROWSERS-ARE-DONE",
}


class Process:
    """The study's server as a process of its own, at one port."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        command = [sys.executable, "-u", "-m", "negosim", "study", "run", str(folder / "study.yaml")]
        command += ["--out", str(folder / "kept"), "--links", "3", "--port", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.links: list[str] = []
        for line in self._process.stdout:
            self.links += re.findall(r"http://\S+", line)
            if line.startswith("stop with"):
                break

    def kill(self) -> None:
        """End it with no chance to tidy up."""
        self._process.kill()
        self._process.communicate()


def _answered(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name).check()
    page.get_by_role("button", name="Go on").click()


def _say(page: Any, words: str) -> None:
    page.get_by_text("It is your turn").wait_for()
    page.get_by_label("What you say").fill(words)
    page.get_by_role("button", name="Say it", exact=True).click()


def test_three_people_go_through_a_study_whose_server_is_killed(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    server = Process(tmp_path)
    port = int(server.links[0].split("/")[2].rpartition(":")[2])
    try:
        tabs = [Tab(chromium, viewport={"width": 360, "height": 800}, bypass_csp=True) for _ in range(3)]
        for tab in tabs:
            tab.context.set_default_timeout(90_000)
        pages = [tab.go(link) for tab, link in zip(tabs, server.links, strict=False)]
        for page in pages:
            page.get_by_role("button", name="I agree").click()
            if page is pages[0]:
                assert violations(page) == []
            _answered(page, "3 (always)")
            page.get_by_role("button", name="Go on").click()
            page.get_by_text("It is your turn").wait_for()
        one, two, _ = pages
        assert violations(one) == []
        assert one.evaluate("document.documentElement.scrollWidth") <= 360
        one.get_by_label("What you say").fill("A draft")
        one.reload(wait_until="domcontentloaded")
        assert one.get_by_label("What you say").input_value() == "A draft"
        _say(one, "From the first tab")
        one.locator("#turn-2").wait_for()
        other = tabs[0].context.new_page()  # a second tab is the same seat
        other.goto(server.links[0], wait_until="domcontentloaded")
        assert other.locator("#turn-2").inner_text().endswith("From the first tab")
        other.close()
        _say(two, "Before the server is killed")
        two.locator("#turn-2").wait_for()
        server.kill()
        for tab in tabs:
            tab.wrong.clear()  # a server that is gone is an error on the console
        server = Process(tmp_path, port)
        two.reload(wait_until="domcontentloaded")
        assert "Before the server is killed" in two.locator("#log").inner_text()
        two.go_back(wait_until="domcontentloaded")
        two.goto(server.links[1], wait_until="domcontentloaded")
        two.get_by_text("It is your turn").wait_for()
    finally:
        server.kill()
    store = StudyStore(str(tmp_path / "kept"))
    talks = store.talks()
    assert [talk["status"] for talk in talks] == ["open"] * 3
    kept = " ".join(step for talk in talks for step in store.steps(talk["id"]))
    assert (kept.count("From the first tab"), kept.count("Before the server is killed")) == (1, 1)
    assert [row["question"] for row in store.answers()] == ["chatbots"] * 3
    store.close()
