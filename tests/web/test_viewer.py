import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import negosim
from negosim.engine import TurnFinished, seated_models
from negosim.errors import UserError
from negosim.scenarios import load_scenario
from negosim.store import Run
from negosim.web import dialogue_html, dialogue_markdown, write_bundle
from negosim.web.segments import Highlight, segments
from negosim.web.viewer import viewer

HIDDEN = {
    "public": ["truth", "1", "2"],
    "1": ["truth", "2"],
    "2": ["truth", "1"],
    "all": [],
}
"""By view: whose canaries must not be in any byte."""


@pytest.fixture(scope="session")
def canaries() -> dict[str, list[str]]:
    return {
        "truth": ["CANARYTRUTH", "CANARYACTUAL", "CANARYLIECHECK", "deceptive-2", "fabrication"],
        **{
            side: [f"CANARY{what}{side}" for what in ("BRIEF", "SECRET", "THOUGHT", "SKETCH", "REPLY")]
            for side in ("1", "2")
        },
    }


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name in ("href", "src") and value}


def crawl(client: TestClient, start: str) -> dict[str, Any]:
    """Return every page, figure and file that can be reached from a page without changing the view."""
    pages: dict[str, Any] = {}
    waiting = [start]
    view = re.search(r"view=(\w+)", start)
    while waiting:
        address = waiting.pop().partition("#")[0]
        other = re.search(r"view=(\w+)", address)
        if not address.startswith("/") or address in pages or address == "/":
            continue
        if view and other and other[1] != view[1]:
            continue
        if ".svg" in address and "/2/" not in address:
            continue  # drawing takes long; one dialogue's figures are like another's
        pages[address] = client.get(address)
        if "html" in pages[address].headers["content-type"]:
            links = _Links()
            links.feed(pages[address].text)
            waiting += links.found
    return pages


@pytest.mark.parametrize("view", list(HIDDEN))
def test_no_page_of_a_view_has_a_byte_of_what_it_must_not_show(
    view: str, browser: TestClient, canaries: dict[str, list[str]]
) -> None:
    pages = crawl(browser, f"/runs/kept?view={view}")
    assert sum(bool(re.search(r"/\d+\?", address)) for address in pages) == 4
    assert all(page.status_code == 200 for page in pages.values())
    everything = "\n".join(page.text for page in pages.values())
    for whose in HIDDEN[view]:
        for canary in canaries[whose]:
            assert canary not in everything, (view, canary)
    for side in {"public": "", "1": "1", "2": "2", "all": "12"}[view]:
        assert all(canary in everything for canary in canaries[side]), view
    if view == "all":
        assert all(canary in everything for canary in canaries["truth"])
        assert "CANARYLIES2" in everything
    assert ("CANARYJUDGE1" in everything) == (view in ("1", "all"))


@pytest.mark.parametrize("view", ["public", "1"])
def test_a_viewer_of_one_view_has_no_other(view: str, made: Path, canaries: dict[str, list[str]]) -> None:
    client = TestClient(viewer([made], view=view))
    page = client.get("/runs/kept/2")
    assert page.status_code == 200
    assert "CANARYTHOUGHT2" not in page.text
    for address in (
        "/runs/kept/2?view=all",
        "/runs/kept/2?view=2",
        "/runs/kept/2/beside/1",
        "/runs/kept/2/plane.svg",
        "/runs/kept/99",
    ):
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert not any(word in answer.text for words in canaries.values() for word in words)
    assert "deceptive" not in client.get("/").text
    assert "deceptive" not in client.get("/runs/kept?sort=condition&col=condition").text
    assert client.get("/runs/kept?condition=honest").text.count("<tr>") == 5


def test_a_dialogue_page_shows_what_is_on_record(browser: TestClient, made: Path) -> None:
    page = browser.get("/runs/kept/2?view=all").text
    run = Run.open(made / "kept")
    dialogue = run.dialogue(2)
    for turn in dialogue.turns:
        assert f'id="turn-{turn.index + 1}"' in page
    assert 'class="claim false' in page
    assert 'class="claim true' in page
    assert re.search(r'<mark class="[^"]*quote" data-quotes="j1', page)
    assert "/runs/kept/2/beside/1" in page
    assert page.count('<tr class="chosen">') == len(dialogue.turns)


def test_two_of_a_pair_stand_side_by_side(browser: TestClient) -> None:
    page = browser.get("/runs/kept/1/beside/2")
    assert page.status_code == 200
    assert "honest" in page.text
    assert "deceptive-2" in page.text


def test_a_table_is_searched_filtered_sorted_and_paged(browser: TestClient) -> None:
    def numbers(query: str) -> list[int]:
        text = browser.get(f"/runs/kept?view=all&{query}").text
        return [int(number) for number in re.findall(r'<a href="/runs/kept/(\d+)\?view=all">\1<span', text)]

    assert numbers("") == [1, 2, 3, 4]
    assert numbers("down=1") == [4, 3, 2, 1]
    assert numbers("condition=deceptive-2") == [2, 4]
    assert numbers("q=honest.0001") == [3]
    assert numbers("q='; DROP TABLE dialogues --") == []
    assert numbers("page=2") == []
    assert numbers("page=-1&sort=nonsense&outcome=&down=x") == [1, 2, 3, 4]
    assert "Nash ratio</a>" not in browser.get("/runs/kept").text
    assert "Nash ratio" in browser.get("/runs/kept?col=nash_ratio&col=number").text


def test_runs_are_searched_and_sorted(browser: TestClient) -> None:
    text = browser.get("/?sort=key&down=1").text
    assert text.index("/runs/plain") < text.index("/runs/kept")
    text = browser.get("/?q=PLAIN+rose").text
    assert "/runs/plain" in text
    assert "/runs/kept" not in text


def test_every_answer_has_the_headers_that_keep_a_browser_strict(browser: TestClient) -> None:
    for address in ("/", "/runs/kept", "/static/view.js", "/runs/none", "/nowhere", "/static/../conftest.py"):
        headers = browser.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"], address
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
    assert browser.get("/", headers={"host": "evil.example"}).status_code == 400


def test_only_who_has_the_key_is_let_in(made: Path) -> None:
    client = TestClient(viewer([made], key="right"), follow_redirects=False)
    assert client.get("/runs/kept").status_code == 403
    assert client.get("/?key=wrong").status_code == 403
    entry = client.get("//evil.example/?key=right&q=x")
    assert entry.status_code == 303
    assert entry.headers["location"] == "/evil.example/?q=x" or entry.headers["location"].startswith("/?")
    assert client.get("/runs/kept").status_code == 200


def test_what_is_said_is_never_markup(tmp_path: Path) -> None:
    run = negosim.generate(negosim.RunConfig(scenarios="rose-lane"), out=tmp_path / "plain")
    dialogue = run.dialogue(1)
    evil = "<script>alert(1)</script>\n# heading\n> [x](http://evil) \u202e ```"
    turn = dialogue.turns[0]
    said = turn.utterance.model_copy(update={"text": evil})
    turns = (turn.model_copy(update={"utterance": said, "claims": ()}), *dialogue.turns[1:])
    hostile = Run.create(tmp_path / "hostile", run.header)
    with hostile.writing() as writer:
        writer.append(dialogue.model_copy(update={"turns": turns, "models": ("<b>x</b>", "sim")}))
    page = TestClient(viewer([tmp_path])).get("/runs/hostile/1").text
    assert "<script>alert" not in page
    assert "<b>x" not in page
    assert "\u202e" not in page
    assert "<script>alert" not in dialogue_html(hostile, "1")
    lines = dialogue_markdown(hostile, "1").split("\n")
    assert "# heading" not in lines
    assert not any(re.search(r"(?<!\\)(\[x|<script)", line) for line in lines)


def test_a_run_in_the_making_is_shown_and_grows(tmp_path: Path) -> None:
    class Slow:
        """Speaks like anybody; a run with it keeps its progress."""

        model = "slow"
        self_directed = True

        async def speak(self, view: Any) -> Any:
            from negosim.agents import Speech
            from negosim.records import Utterance

            return Speech(Utterance(text=f"Word {view.turn_index}", action="talk"), reflection="SLOWTHOUGHT")

        async def concluded(self, view: Any) -> bool:
            return False

    seen: list[tuple[str, int]] = []
    addresses: list[str] = []
    runs = tmp_path / "runs"
    runs.mkdir()
    client = TestClient(viewer([runs]))

    def look(event: Any) -> None:
        if isinstance(event, TurnFinished) and event.turn.index in (1, 3):
            page = client.get("/runs/growing?view=public").text
            (address,) = re.findall(r'"(/runs/growing/making/[^"]+)"', page)
            made = client.get(address := address.replace("&amp;", "&"))
            assert "Nobody is adding" not in page + made.text
            addresses.append(address)
            if event.turn.index == 3:  # as it would be left by an engine that is killed now
                shutil.copytree(runs / "growing", tmp_path / "killed")
            assert "SLOWTHOUGHT" not in made.text
            assert "honest" not in page + address + made.text
            seen.append((made.text, made.text.count('class="turn')))

    run = negosim.generate(
        negosim.RunConfig(scenarios="rose-lane", max_turns=4),
        out=runs / "growing",
        agents=[Slow(), Slow()],
        watch=look,
    )
    assert [count for _, count in seen] == [2, 4]
    assert "1 dialogue" in client.get("/runs/growing").text
    assert len(run) == 1
    assert client.get(addresses[0]).url.path == "/runs/growing/1"
    assert "Nobody is adding" not in client.get("/runs/growing").text
    (tmp_path / "killed").rename(runs / "killed")
    page = client.get("/runs/killed").text
    assert f"negosim generate --resume {runs / 'killed'}" in page
    (address,) = re.findall(r'"(/runs/killed/making/[^"]+)"', page)
    assert "Nobody is adding" in client.get(address.replace("&amp;", "&")).text
    told = TestClient(viewer([runs], view="public")).get("/runs/killed").text
    assert "Nobody is adding" in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize("view", ["public", "2", "all"])
def test_a_folder_of_pages_holds_its_view_alone_and_links_to_itself(
    view: str, made: Path, tmp_path: Path, canaries: dict[str, list[str]]
) -> None:
    folder = tmp_path / "pages"
    assert write_bundle(made / "kept", folder, view=view) == 4
    files = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())}
    everything = "\n".join([*files, *files.values()])
    for whose in HIDDEN[view]:
        assert not [word for word in canaries[whose] if word in everything]
    assert ("CANARYTHOUGHT2" in everything) == (view != "public")
    for name, text in files.items():
        if name.endswith(".html"):
            links = _Links()
            links.feed(text)
            assert {link.partition("#")[0] for link in links.found} - {"", "data:,"} <= files.keys()
    assert any(name.endswith("plane.svg") for name in files) == (view == "all")
    pairs = {name: text for name, text in files.items() if "beside" in name}
    assert list(pairs) == (["0001-beside-0002.html", "0003-beside-0004.html"] if view == "all" else [])
    assert all(text.count("deceptive-2") == 1 and text.count("honest") == 1 for text in pairs.values())
    assert ("0001-beside-0002.html" in files["0002.html"]) == (view == "all")


def test_a_run_that_was_cut_is_no_folder_of_pages_and_says_so(made: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(made / "kept", cut)
    lines = (cut / "dialogues.jsonl").read_bytes().splitlines(keepends=True)
    (cut / "dialogues.jsonl").write_bytes(b"".join(lines[:-1]))
    with pytest.raises(UserError, match="had 4 dialogues and has 3: its file was cut"):
        write_bundle(cut, tmp_path / "pages")
    assert not (tmp_path / "pages").exists()
    assert (
        "had 4 dialogues and has 3"
        in TestClient(viewer([cut]), base_url="http://127.0.0.1").get("/runs/cut").text
    )


def test_one_dialogue_is_one_file(made: Path) -> None:
    run = Run.open(made / "kept")
    page = dialogue_html(run, "2", view="all")
    links = _Links()
    links.feed(page)
    assert all(link.startswith(("#", "data:")) for link in links.found)
    assert "CANARY" not in dialogue_html(run, "2")
    assert "CANARY" not in dialogue_markdown(run, "2")
    assert "CANARYTHOUGHT1" in dialogue_markdown(run, "2", view="1")


def test_marks_overlap() -> None:
    pieces = segments(
        "abcdef",
        [Highlight("bcd", look="false"), Highlight("de", quoted_by="j1"), Highlight("zz", look="true")],
    )
    assert [(piece.text, piece.looks, piece.quoted_by) for piece in pieces] == [
        ("a", (), ()),
        ("bc", ("false",), ()),
        ("d", ("false",), ("j1",)),
        ("e", (), ("j1",)),
        ("f", (), ()),
    ]


def test_quotes_are_found_where_letters_and_spaces_differ() -> None:
    pieces = segments("Die STRASSE\n ist gut. Straße frei", [Highlight("ist  GUT", look="true")])
    assert [piece.text for piece in pieces if piece.looks] == ["ist gut"]


def test_models_that_have_changed_their_roles_stand_at_them() -> None:
    config = negosim.RunConfig(scenarios="rose-lane", models=["sim", "habit:0"], swap_roles=True)
    scenario = load_scenario("rose-lane")
    given = [seated_models(config, scenario, f"rose-lane.honest.0000{end}") for end in ("", ".swapped")]
    assert given == [("sim", "habit:0"), ("habit:0", "sim")]
