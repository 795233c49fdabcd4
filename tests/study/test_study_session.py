"""A whole study by form: order of pages, nothing twice, nothing lost, nothing of who is behind an agent."""

import re
from collections.abc import Callable
from pathlib import Path

from negosim.scenarios import load_scenario

from .conftest import StudyServer, Volunteer, gift, small

Serve = Callable[..., StudyServer]


def finish(person: Volunteer, *, grade: str = "4") -> None:
    """Answer the surveys and read the debriefing."""
    while "Your view of" in person.page():
        person.send(choice="next", **{"q-fluency": grade, "q-why": "because"})
    person.send(choice="next")


def test_a_person_takes_part_from_consent_to_code(served: Serve) -> None:
    server = served()
    person = Volunteer(server)
    assert "Do you agree?" in person.page()
    assert server.store.people()[0]["status"] == "invited"  # looking counts nothing
    person.send(choice="agree")
    assert "Roughly how old?" in person.page()
    person.send(choice="next", **{"q-age": "about 30"})
    assert "Talk with them." in person.page()
    person.send(choice="next")
    assert "for practice" in person.until("It is your turn")
    person.send("say", action="talk", text="Trying it out")
    person.until('value="3"')
    person.send(choice="next")
    assert "Conversation with Agent A" in person.page()
    person.talk("First of all", "1.5")
    assert "Conversation with Agent B" in person.page()
    person.talk()
    assert "Your view of Agent A" in person.page()
    wrong = person.send(choice="next", **{"q-fluency": "6"})
    assert wrong.status_code == 422
    assert "CODE-77" not in person.bytes
    finish(person)
    assert "CODE-77" in person.page()
    (first, _) = server.store.people()
    assert first["status"] == "completed"
    talks = server.store.talks(first)
    assert [talk["status"] for talk in talks] == ["ended", "complete", "complete"]
    answers = {(row["question"], row["number"], row["agent"]): row["value"] for row in server.store.answers()}
    assert answers["age", 0, -1] == '"about 30"'
    assert {answers["fluency", 0, 0], answers["fluency", 0, 1]} == {"4"}


def test_nothing_of_who_is_behind_an_agent_is_in_any_byte(served: Serve) -> None:
    blocks = gift(
        condition="deceptive-1", agents=["habit:0", {"model": "sim", "planner": "gdp-zero"}], turn_cap=1
    )
    server = served(small(blocks=blocks))
    person = Volunteer(server)
    person.begin()
    person.talk()
    for what in ("", "/withdraw", "/say", "/nothing"):
        person.keep(person.client.get(person.place + what))
    for path in ("/", "/admin", "/static/style.css", "/static/seat.js", "/p/nobody", "/admin?key=x"):
        person.keep(person.client.get(path))
    person.client.post(f"{person.place}/say", content=b"x" * 200_000)
    person.talk()
    finish(person)
    scenario = load_scenario("donation")
    other = scenario.roles[0]
    hidden = [other.brief[:40], *other.interests, str(other.deceptive_brief or "-no brief-")[:40]]
    hidden += ["habit", "gdp", '"sim"', ">sim<", "planner", "deceptive-1", "strategy", "persuader"]
    talks = server.store.talks()
    for step in (step for talk in talks for step in server.store.steps(talk["id"])):
        hidden += re.findall(r'"tactic":"([^"]+)"', step)
    said = " ".join(re.findall(r'"text":"([^"]*)"', " ".join(str(talk["dialogue"]) for talk in talks)))
    assert [words for words in hidden if words in person.bytes and words not in said] == []
    assert "http" not in re.sub(r"127\.0\.0\.1|http-equiv", "", person.bytes).replace("https://", "http")


def test_what_is_sent_twice_or_too_late_counts_once(served: Serve) -> None:
    server = served()
    person = Volunteer(server)
    first = person.hidden()
    for _ in range(2):
        person.send(choice="agree")
        person.client.post(f"{person.place}/next", data={**first, "choice": "agree"})
    assert len([row for row in server.store.events() if row["what"] == "consented"]) == 1
    person.begin()
    turn = person.hidden(person.until("It is your turn"))
    for _ in range(2):
        person.client.post(f"{person.place}/say", data={**turn, "action": "talk", "text": "Once"})
    person.until('value="3"')
    assert person.page().count("Once") == 1
    late = person.client.post(f"{person.place}/next", data={**first, "choice": "decline"})
    assert late.status_code == 303
    assert server.store.people()[0]["status"] == "active"


def test_a_stopped_server_goes_on_where_everybody_was(served: Serve, tmp_path: Path) -> None:
    server = served()
    person = Volunteer(server)
    person.begin()
    person.until("It is your turn")
    person.send("say", action="talk", text="Before the end")
    server.stop()
    again = served()
    returned = Volunteer(again)
    assert returned.place == person.place
    page = returned.until("It is your turn", "A question")
    assert "Before the end" in page
    assert "Agent A" in page
    returned.talk("After it")
    (talk,) = [one for one in again.store.talks() if one["status"] == "complete"]
    assert talk["dialogue"].count("Before the end") == 1
    assert next(row for row in again.store.people() if row["status"] == "active")["number"] == 1


def test_what_a_page_sends_that_was_open_when_the_server_stopped_is_taken(served: Serve) -> None:
    server = served()
    person = Volunteer(server)
    person.begin()
    turn = person.hidden(person.until("It is your turn"))
    person.send("say", action="talk", text="Before the end")
    later = person.hidden(person.until('value="3"'))
    server.stop()
    again = served()
    returned = Volunteer(again)
    for form, words in ((later, "From an old page"), (turn, "From a page far too old")):
        sent = returned.client.post(f"{returned.place}/say", data={**form, "action": "talk", "text": words})
        assert sent.status_code == 303
    kept = [again.store.sent(talk["id"]) for talk in again.store.talks()]
    assert [text.count("From an old page") for sent in kept for text in sent.values()] == [0, 1]


def test_withdrawal_deletes_every_word(served: Serve, tmp_path: Path) -> None:
    server = served()
    person = Volunteer(server)
    person.begin()
    person.until("It is your turn")
    person.send("say", action="talk", text="My secret garden")
    assert "cannot be brought back" in person.client.get(f"{person.place}/withdraw").text
    person.send(choice="withdraw")
    assert "has been deleted" in person.page()
    person.send(choice="agree")
    assert "has been deleted" in person.page()
    assert server.store.talks() == server.store.answers() == server.store.events() == []
    kept = b"".join(file.read_bytes() for file in (tmp_path / "kept").iterdir())
    assert b"secret garden" not in kept


def test_strangers_floods_and_other_sites_are_turned_away(served: Serve) -> None:
    server = served(most=12)
    person = Volunteer(server)
    token = person.place.rpartition("/")[2]
    assert len(token) >= 32
    hidden = person.hidden()
    post = person.client.post
    assert post(f"{person.place}/next", data={"stage": "0", "choice": "agree"}).status_code == 403
    evil = {"origin": "http://evil.example"}
    assert post(f"{person.place}/next", data={**hidden, "choice": "agree"}, headers=evil).status_code == 403
    assert post(f"{person.place}/next", content=b"x" * 200_000).status_code == 413
    assert person.client.get(person.place, headers={"host": "evil.example"}).status_code == 400
    assert person.client.get("/admin").status_code == 403
    answer = person.client.get(person.place)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    codes = {person.client.get(f"/p/{number}").status_code for number in range(14)}
    assert codes == {404, 429}
    codes = {person.send(choice="stay").status_code for _ in range(14)}
    assert codes == {303, 429}
    assert person.client.get(person.place).status_code == 200


def test_a_full_study_says_so_and_one_can_decline(served: Serve) -> None:
    server = served(small(quota=1), links=3)
    one, two, three = (Volunteer(server, number) for number in (1, 2, 3))
    one.send(choice="agree")
    assert "has taken part already" in two.send(choice="agree").text
    three.send(choice="decline")
    assert "have not taken part" in three.page()
    assert [row["status"] for row in server.store.people()] == ["active", "invited", "declined"]


def test_a_conversation_that_may_not_end_early_does_not(served: Serve) -> None:
    server = served(small(blocks=gift(may_end_early=False), practice=None))
    person = Volunteer(server)
    person.begin()
    assert "End the conversation" not in person.until("It is your turn")
    assert person.send("say", action="walk_away", text="Bye").status_code == 422
    assert person.send("say", action="talk", text="x" * 5000).status_code == 422


def test_the_administrator_sees_counts_and_stops_the_study(served: Serve) -> None:
    server = served()
    person = Volunteer(server)
    person.begin()
    admin = server.address + f"/admin?key={server.store.about['admin']}"
    page = person.client.get(admin, follow_redirects=True).text
    assert "invited" in page
    assert "talk" in page
    person.client.post("/admin/pause", data={"choice": "pause"})
    assert "paused" in person.page()
    person.client.post("/admin/pause", data={"choice": "go"})
    person.until("It is your turn")
