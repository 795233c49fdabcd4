"""A chat model as an agent: each stage is one structured call of its client."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel

from negosim.agents._answers import (
    BeliefAnswer,
    ConcludeAnswer,
    ConsolidateAnswer,
    JudgeAnswer,
    MeasureAnswer,
    PlanAnswer,
    ReflectionAnswer,
    RolloutAnswer,
    SpokenAnswer,
    TacticsAnswer,
    ThinkAnswer,
    belief_answer,
    judge_answer,
    measure_form,
    plan_answer,
    speak_answer,
    tactics_answer,
    think_answer,
)
from negosim.agents._guard import disagreements, leaks
from negosim.agents._likeness import opens_alike, said_candidate
from negosim.agents._protocol import Planned, Score, Speech, Thinking
from negosim.config import JudgeForm, Objective
from negosim.models import Ledger, ModelClient
from negosim.prompts import PromptWriter
from negosim.records import MARKS, Aside, Mark, Rollout, Utterance
from negosim.scenarios import PRIORITY, RESERVATION, Measure, Role
from negosim.scenarios import Answer as MeasuredAnswer
from negosim.speech import opening, quoted, unquoted, without_prefixes
from negosim.views import View

LATEST = 5
"""Own utterances that a new one should not begin like."""

FIRST_WORDS = 8
"""Words of an earlier utterance that show how it began."""

Answer = TypeVar("Answer", bound=BaseModel)


class _Caller:
    """The calls of one agent, or of what judges on its behalf, in one dialogue."""

    def __init__(self, client: ModelClient, writer: PromptWriter, ledger: Ledger) -> None:
        self._client = client
        self._writer = writer
        self._ledger = ledger
        self.model = client.model.name
        self._noted: set[str] = set()
        """Doubts that stayed with the present turn's answers."""

    async def ask(
        self,
        stage: str,
        view: View,
        answer: type[Answer],
        *,
        check: Callable[[Answer], None] = lambda _: None,
        purpose: str = "",
        advise: Callable[[Answer], Mapping[str, str]] = lambda _: {},
        **values: Any,
    ) -> Answer:
        """Ask the model: what the agent sees, then what the template of a stage says.

        Args:
            stage: the template's name; the account counts the call under it.
            view: what the agent sees.
            answer: the form of the answer.
            check: raises ValueError with what is wrong with an answer; it is then asked again.
            purpose: tells calls of one stage and turn apart.
            advise: returns doubts about an answer, by kind; each kind is asked again once.
            values: what the template is given besides.

        Raises:
            ProtocolError: no attempt gave a usable answer.
            ModelError: the provider failed.

        """
        return await self._client.ask(
            self._writer.messages(stage, view, **values),
            answer,
            stage=stage,
            role=view.side.index,
            seed=view.side.seed.number(view.side.index, view.turn_index, stage, purpose),
            ledger=self._ledger,
            check=check,
            advise=advise,
            noted=self._noted,
        )

    def _marks(self) -> tuple[Mark, ...]:
        """Return the doubts that stayed with this turn's answers so far, and begin anew."""
        marks = tuple(mark for mark in MARKS if mark in self._noted)
        self._noted.clear()
        return marks


class ChatAgent(_Caller):
    """Plays a role with a chat model."""

    @property
    def role(self) -> Role:
        """The role, with the brief that the model is given."""
        return self._writer.role

    async def reflect(self, view: View) -> str:
        """Think privately in two or three sentences."""
        return (await self.ask("reflect", view, ReflectionAnswer)).reflection

    async def choose_tactics(self, view: View, k: int) -> Sequence[str]:
        """Choose `k` different tactics."""

        def check(answer: TacticsAnswer) -> None:
            if len(set(answer.tactics)) != k:
                raise ValueError(f"choose {k} different tactics, not {', '.join(answer.tactics)}")

        form = tactics_answer(tuple(view.side.tactics.by_id), k)
        return (await self.ask("tactics", view, form, check=check, k=k)).tactics

    async def rollout(self, view: View, tactic: str) -> Rollout:
        """Sketch an utterance that uses the tactic and the reply to expect."""
        definition = view.side.tactics.by_id[tactic]
        answer = await self.ask("rollout", view, RolloutAnswer, purpose=tactic, tactic=definition)
        return _rollout(tactic, answer, view)

    async def plan(self, view: View, k: int) -> Planned:
        """Reflect and choose `k` different tactics in one call."""

        def check(answer: PlanAnswer) -> None:
            if len(set(answer.tactics)) != k:
                raise ValueError(f"choose {k} different tactics, not {', '.join(answer.tactics)}")

        answer = await self.ask(
            "plan", view, plan_answer(tuple(view.side.tactics.by_id), k), check=check, k=k
        )
        return Planned(answer.reflection, tuple(answer.tactics))

    async def think(self, view: View, k: int) -> Thinking:
        """Reflect, choose tactics and sketch the rollouts in one call."""

        def check(answer: ThinkAnswer) -> None:
            chosen = [candidate.tactic for candidate in answer.candidates]
            if len(set(chosen)) != k:
                raise ValueError(f"the candidates need {k} different tactics, not {', '.join(chosen)}")

        form = think_answer(tuple(view.side.tactics.by_id), k)
        answer = await self.ask("think", view, form, check=check, k=k)
        rollouts = tuple(_rollout(candidate.tactic, candidate, view) for candidate in answer.candidates)
        return Thinking(answer.reflection, rollouts)

    async def speak(self, view: View) -> Speech:
        """Say the next public utterance."""
        return (await self.say("speak", view))[1]

    async def say(
        self, stage: str, view: View, thoughts: Mapping[str, Any] | None = None, **values: Any
    ) -> tuple[dict[str, Any], Speech]:
        """Answer a template that ends in an utterance; return what was thought before it, and the speech."""
        side, table = view.side, view.table
        said = {turn.text.casefold() for turn in view.transcript}

        def check(answer: SpokenAnswer) -> None:
            table.check(side.index, answer.action, answer.offer, side.issues)
            text = spoken(answer.utterance, view, side.index)
            if not text:
                raise ValueError("the utterance is empty; say something")
            if text.casefold() in said:
                raise ValueError("this utterance has been said before, word for word; say something new")

        def advise(answer: SpokenAnswer) -> dict[str, str]:
            text = spoken(answer.utterance, view, side.index)
            offer = table.check(side.index, answer.action, answer.offer, side.issues)
            besides = [answer.aside[1]] if answer.aside else []
            found = {
                "leak": leaks(" ".join([text, *besides]), view),
                "words_disagree": disagreements(text, answer.action, offer, view),
            }
            return {kind: "; ".join(reasons) for kind, reasons in found.items() if reasons}

        present = [side.roles[role].id for role in side.others if role not in table.gone]
        form = speak_answer(
            side.issues,
            table.moves(side.index),
            whole=table.by_coalition,
            listeners=present if side.side_messages else (),
            floor=present if side.order.names_next(side.index) else (),
            thoughts=thoughts or {},
        )
        answer = await self.ask(stage, view, form, check=check, advise=advise, **values)
        marks = self._marks()
        offer = table.check(side.index, answer.action, answer.offer, side.issues)
        text = spoken(answer.utterance, view, side.index)
        said_aside, ids = answer.aside, [role.id for role in side.roles]
        candidates = [rollout.utterance for rollout in view.rollouts]
        voiced = view.chosen if view.chosen is None else said_candidate(text, candidates, view.chosen)
        speech = Speech(
            Utterance(text=text, action=answer.action, offer=offer),
            tactic=None if voiced is None else view.rollouts[voiced].tactic,
            marks=marks if voiced == view.chosen else (*marks, "dropped"),
            asides=() if said_aside is None else (_aside(said_aside, ids),),
            floor=None if answer.next is None else ids.index(answer.next),
        )
        return {name: getattr(answer, name) for name in thoughts or ()}, speech

    async def imagine(self, stage: str, view: View, other: int, **values: Any) -> Utterance:
        """Answer a template with what another role would say next, as far as this one knows it."""
        side, table = view.side, view.table

        def check(answer: SpokenAnswer) -> None:
            table.check(other, answer.action, answer.offer, side.issues)
            if not spoken(answer.utterance, view, other):
                raise ValueError("the utterance is empty; write what would be said")

        form = speak_answer(side.issues, table.moves(other), whole=table.by_coalition)
        answer = await self.ask(
            stage,
            view,
            form,
            check=check,
            other=side.roles[other],
            can_accept=table.acceptable_by(other) is not None,
            **values,
        )
        self._noted.clear()
        offer = table.check(other, answer.action, answer.offer, side.issues)
        return Utterance(text=spoken(answer.utterance, view, other), action=answer.action, offer=offer)

    async def consolidate(self, view: View) -> Utterance:
        """Vary how the draft opens, where it opens like an earlier utterance; its move stays as it is."""
        draft = view.draft
        assert draft is not None
        own = [turn.text for turn in view.transcript if turn.role == view.side.index]
        if not opens_alike(draft.text, own[-LATEST:]):
            return draft
        said = {turn.text.casefold() for turn in view.transcript}

        def varied(answer: ConsolidateAnswer) -> str:
            # Where the draft was shown with signs in place of others, the model has copied those.
            copied = quoted(draft.text) != draft.text
            return spoken(unquoted(answer.utterance) if copied else answer.utterance, view, view.side.index)

        def check(answer: ConsolidateAnswer) -> None:
            text = varied(answer)
            if not text or text.casefold() in said:
                raise ValueError("this utterance is empty or has been said before; keep the draft's meaning")

        def advise(answer: ConsolidateAnswer) -> dict[str, str]:
            new = [reason for reason in leaks(varied(answer), view) if reason not in leaks(draft.text, view)]
            return {"leak": "; ".join(new)} if new else {}

        openings = [opening(text, FIRST_WORDS) for text in own[-LATEST:]]
        answer = await self.ask(
            "consolidate", view, ConsolidateAnswer, check=check, advise=advise, own_openings=openings
        )
        if self._noted:  # what was cut, or says what is private, is no better than the draft
            self._noted.clear()
            return draft
        return draft.model_copy(update={"text": varied(answer)})

    async def concluded(self, view: View) -> bool:
        """Say whether the conversation is over."""
        return (await self.ask("conclude", view, ConcludeAnswer)).concluded

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> MeasuredAnswer:
        """Answer a private question: a measure of the scenario, or a form about another role."""
        if measure.answer == "belief" and about is not None:
            return await self._believe(view, about, attempt)

        def check(given: MeasureAnswer) -> None:
            measure.parse(given.answer)

        form = measure_form(measure)
        purpose = measure.id if about is None and not attempt else f"{measure.id} {about} {attempt}"
        given = await self.ask("measure", view, form, check=check, purpose=purpose, asked=measure)
        return measure.parse(given.answer)

    async def _believe(self, view: View, other: int, attempt: int) -> dict[str, float]:
        """Fill in the form about another role; what is given to the issues is scaled to add up to 1."""

        def check(answer: BeliefAnswer) -> None:
            _ = answer.shares

        answer = await self.ask(
            "beliefs",
            view,
            belief_answer(tuple(issue.id for issue in view.side.issues)),
            check=check,
            purpose=f"{other} {attempt}",
            other=view.side.roles[other],
        )
        shares = {PRIORITY + issue: share for issue, share in answer.shares.items()}
        return {RESERVATION: answer.reservation / 100, **shares}


class ChatJudge(_Caller):
    """Scores candidates with a chat model; shares the speaker's prompt prefix."""

    def __init__(
        self, client: ModelClient, writer: PromptWriter, ledger: Ledger, *, form: JudgeForm = "score"
    ) -> None:
        super().__init__(client, writer, ledger)
        self._compare = form == "compare"

    async def score(
        self, view: View, rollouts: Sequence[Rollout], objective: Objective, other_sides: Sequence[Role]
    ) -> Sequence[Score]:
        """Score each candidate from 0 to 10 on the objective."""

        def check(answer: JudgeAnswer) -> None:
            if len(set(answer.ranked)) != len(answer.ranked):
                raise ValueError("every candidate has one place; none has two")

        answer = await self.ask(
            "judge",
            view,
            judge_answer(len(rollouts), compare=self._compare),
            check=check,
            candidates=rollouts,
            objective=objective,
            other_sides=other_sides,
            compare=self._compare,
        )
        marks = self._marks()
        ranks = {name: place for place, name in enumerate(answer.ranked, 1)}
        return [
            Score(item.score, item.reason, ranks.get(f"candidate_{number}", 0), marks)
            for number, item in enumerate(answer.scores, 1)
        ]


def _aside(said: tuple[Sequence[str], str], ids: Sequence[str]) -> Aside:
    """Return a side message as the record has it, its listeners by position."""
    listeners, text = said
    return Aside(to=tuple(sorted(ids.index(role) for role in listeners)), text=text)


def _rollout(tactic: str, answer: RolloutAnswer, view: View) -> Rollout:
    return Rollout(
        tactic=tactic,
        utterance=spoken(answer.utterance, view, view.side.index),
        expected_reply=spoken(answer.expected_reply, view, *view.side.others),
    )


def spoken(text: str, view: View, *roles: int) -> str:
    """Strip what models like to copy from the transcript: speaker labels, the beginnings of further lines."""
    labels = _labels(tuple(view.side.roles[role].name for role in roles))
    return labels.sub("", without_prefixes(text)).strip()


@lru_cache(maxsize=256)
def _labels(names: tuple[str, ...]) -> re.Pattern[str]:
    labels = "|".join(map(re.escape, ("You", *names, *(name.split()[0] for name in names))))
    return re.compile(rf"^\s*(\[\d+\]\s*)?(?:(?:{labels})\s*:\s*)*")
