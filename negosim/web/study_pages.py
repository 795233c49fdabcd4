"""Pages of a person in a study, one at a time, with nothing of who or what is behind an agent."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from negosim.records import Condition
from negosim.study import Study, StudyQuestion
from negosim.study.storage import Row, StudyStore
from negosim.terminal import Lens
from negosim.web.dialogue import role_views, turn_views
from negosim.web.links import ServerLinks
from negosim.web.pages import render
from negosim.web.seat import seat_values
from negosim.web.study_talk import StudyTalk, left_of

FULL = "Thank you for your interest. Everybody who was needed has taken part already."
DECLINED = "You have not taken part, and nothing is kept of you. Thank you for your time."
WITHDRAWN = "Everything you wrote and answered has been deleted. Thank you for your time."
SURE = (
    "You can stop here. Everything you wrote and answered is then deleted, and cannot be brought back. "
    "If you only want a break, close the page instead and come back by the same link."
)


@dataclass(frozen=True)
class StudyPage:
    """A page for one person.

    Args:
        store: the study.
        person: who looks.

    """

    store: StudyStore
    person: Row
    wrong: str = ""
    """What was wrong with what was handed in."""
    form: Mapping[str, str] | None = None
    """What was filled in."""
    errors: Mapping[str, str] | None = None
    """What is wrong with single answers, by question."""

    @property
    def study(self) -> Study:
        """The study."""
        return self.store.study

    def html(self, talk: StudyTalk | None = None) -> str:
        """Return the page of where the person stands; `talk`: their conversation, if it is one."""
        status = self.person["status"]
        if status in ("declined", "withdrawn"):
            words = DECLINED if status == "declined" else WITHDRAWN
            return self._render("Thank you", paragraphs=[words], withdrawable=False)
        stages = self.store.stages(self.person)
        stage = stages[self.person["position"]]
        if self.store.paused and talk is None and stage.kind != "done":
            words = "The study is paused. What you sent is kept; please come back later by the same link."
            return self._render("A pause", paragraphs=[words])
        if talk is not None:
            return self._talk(talk, stage.called)
        study = self.study
        if stage.kind == "consent":
            agree = [("agree", "I agree and take part"), ("decline", "I do not take part")]
            return self._render(study.title, study.consent, buttons=agree, withdrawable=False)
        if stage.kind == "questions":
            return self._render("Before we begin", questions=study.questions, buttons=[("next", "Go on")])
        if stage.kind == "instructions":
            return self._render("What you will do", study.instructions, buttons=[("next", "Go on")])
        if stage.kind == "survey":
            assert study.survey is not None
            which = "your last conversation" if stage.number else stage.called
            heading = f"Your view of {which}"
            questions = study.survey.questions
            return self._render(
                heading, questions=questions, called=stage.called, buttons=[("next", "Go on")]
            )
        if stage.kind == "debriefing":
            ends = [("next", "Go on"), ("withdraw", "Have everything I wrote deleted")]
            return self._render("What this was about", study.debriefing or "", buttons=ends)
        return self._render(
            "Thank you", paragraphs=["That was all; thank you for taking part."], code=study.completion_code
        )

    def message(self, heading: str, words: str, *, withdrawable: bool = False) -> str:
        """Return a page that says something."""
        return self._render(heading, paragraphs=[words], withdrawable=withdrawable)

    def withdrawal(self) -> str:
        """Return the page that asks whether everything is to be deleted."""
        buttons = [("withdraw", "Yes, delete everything"), ("stay", "No, go on")]
        return self._render("Stop taking part", SURE, buttons=buttons, withdrawable=False)

    @property
    def signature(self) -> str:
        """What every form of this person has in it, and no other site can know."""
        secret, token = self.store.about["secret"], self.person["token"]
        return hmac.new(secret.encode(), f"form {token}".encode(), sha256).hexdigest()[:32]

    def _render(
        self,
        heading: str,
        text: str = "",
        *,
        paragraphs: list[str] | None = None,
        questions: tuple[StudyQuestion, ...] = (),
        withdrawable: bool = True,
        talk: StudyTalk | None = None,
        **more: Any,
    ) -> str:
        parts = text.split("\n\n") if text else paragraphs or []
        values = {
            "links": ServerLinks(),
            "token": self.person["token"],
            "position": self.person["position"],
            "signature": self.signature,
            "title": self.study.title,
            "heading": heading,
            "progress": self._progress(),
            "paragraphs": [" ".join(part.split()) for part in parts],
            "questions": questions,
            "called": "",
            "buttons": [],
            "code": "",
            "wrong": self.wrong,
            "form": self.form or {},
            "errors": self.errors or {},
            "may_withdraw": withdrawable and self.person["status"] == "active",
            "talk": talk,
        }
        return render("study.html", **{**values, **more})

    def _progress(self) -> str:
        """Say how far the person is."""
        if self.person["status"] != "active":
            return ""
        count = len(self.store.stages(self.person))
        return f"Step {self.person['position'] + 1} of {count}"

    def _talk(self, talk: StudyTalk, called: str) -> str:
        seat = talk.seat
        block, scenario = self.study.block(talk.row["block"]), seat.scenario
        assert scenario is not None
        lens = Lens(frozenset({seat.role}), thoughts=False)
        condition = Condition(deceptive=(seat.role,) if seat.deceptive else ())
        own = role_views(scenario, condition, [""] * len(scenario.roles), lens)[seat.role]
        status = self.store.talk(self.person, talk.row["position"], make=False)
        state = {"complete": "over", "ended": "over", "failed": "failed"}.get(
            (status or talk.row)["status"], ""
        )
        values = seat_values(seat)
        values["moves"] = [move for move in values["moves"] if may(block.may_end_early, move)]
        practice = ""
        if talk.row["practice"] and self.study.practice is not None:
            called = "Your partner"
            minutes = self.study.practice.minutes
            practice = f"This is for practice and does not count. Take about {minutes:g} minutes."
        alone = len(scenario.roles) == 2
        return self._render(
            "Practice" if practice else f"Conversation with {called}",
            talk=talk,
            own=own,
            scenario=scenario,
            turns=list(turn_views(seat.turns, scenario, lens)),
            names=[called if alone else f"{called} as {role.name}" for role in scenario.roles],
            called=called,
            state=state or ("paused" if self.store.paused else ""),
            practice=practice,
            left=left_of(talk),
            **values,
        )


def may(end_early: bool, move: str) -> bool:
    """Tell whether a move can be made where a conversation may or may not be ended early."""
    return end_early or move != "walk_away"
