"""People as judges: the same questions about the same transcripts, blind to condition and models.

A person reads what the third party reads: the public context and what was said, with its offers. The
dialogues come in an order of their own for each person, under codes in place of their ids, which name the
condition.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from negosim.errors import UserError
from negosim.judging._answers import Wording, read
from negosim.judging._ask import SetQuestionnaire, items_of
from negosim.judging._fingerprint import Fingerprints
from negosim.judging._protocol import PERSON, Item
from negosim.judging._questionnaires import questionnaires, taxonomies_of
from negosim.judging._questions import QuestionSet
from negosim.judging._quotes import verbatim
from negosim.judging._session import drawn
from negosim.judging._settling import ruled_out
from negosim.records import THIRD_PARTY, JudgedValue, Judgement, Sheet
from negosim.scenarios import Scenario
from negosim.seeding import Seed
from negosim.store import Run, SheetWriter
from negosim.views import Audience, PublicTurn, audience_of, public_record

LEFT_OUT = "left out by the person"
"""The reason of a judgement that a person chose not to give; its status is "refused"."""

_NAME = re.compile(r"[^\W_][\w.-]{0,39}")


@dataclass(frozen=True)
class AnnotationQuestion:
    """One thing a person is asked about a dialogue."""

    asked: QuestionSet
    item: Item
    wording: Wording


@dataclass(frozen=True)
class Page:
    """What a person sees of a dialogue: what everybody heard, and nothing of what was behind it."""

    code: str
    """Stands for the dialogue's id, which names the condition."""
    audience: Audience
    transcript: tuple[PublicTurn, ...]
    slots: tuple[AnnotationQuestion, ...]
    """What is asked, in order."""

    def said(self, slot: AnnotationQuestion) -> list[str]:
        """Return what may be quoted: the utterance a question is about, or all of them."""
        return [turn.text for turn in self.transcript if slot.item.turn in (None, turn.index)]

    def text(self, slot: AnnotationQuestion) -> str:
        """Return the words of a question."""
        agent = slot.item.agent
        name = "" if agent is None else self.audience.roles[agent].name
        return slot.wording.question.worded(title=self.audience.title, agent=name)

    def move(self, turn: PublicTurn) -> str | None:
        """Say what an utterance does at the table, None where it only talks."""
        if turn.action == "offer":
            return f"offer: {self.audience.describe(turn.offer or {})}"
        return {"accept": "accepts the offer on the table", "walk_away": "leaves the negotiation"}.get(
            turn.action
        )

    def quoted(self, slot: AnnotationQuestion, quote: str) -> str:
        """Return a quote as it was said.

        Raises:
            ValueError: it does not occur in what the question is about.

        """
        found = verbatim(quote, self.said(slot))
        if found is None:
            where = "in the conversation" if slot.item.turn is None else "in this utterance"
            raise ValueError(f"nobody says that word for word {where}; copy it from one utterance")
        return found


class Annotation:
    """One person's answers about a run: those stored before, and those to be stored."""

    def __init__(
        self,
        judge: str,
        pages: Sequence[Page],
        ids: Mapping[str, str],
        fingerprints: Mapping[str, str],
        writer: SheetWriter | None,
    ) -> None:
        """Take the dialogues' ids by code, the fingerprints by question set, and where to store."""
        self.judge = judge
        """As sheets name it: "person:NAME"."""
        self.pages = pages
        """The dialogues, in the person's order."""
        self._by_code = {page.code: page for page in pages}
        self._ids = ids
        self._fingerprints = fingerprints
        self._writer = writer
        self._answers: dict[tuple[str, str], dict[Item, Judgement]] = {}
        """By code and question set."""
        self._changed: dict[tuple[str, str], None] = {}

    def answer(self, page: Page, slot: AnnotationQuestion) -> Judgement | None:
        """Return what was answered; "not_applicable" where another answer rules a question out."""
        answers = self._answers.get((page.code, slot.asked.id), {})
        return ruled_out(slot.asked, slot.item, answers) or answers.get(slot.item)

    def left(self, page: Page) -> list[AnnotationQuestion]:
        """Return what is still to be asked about a dialogue."""
        return [slot for slot in page.slots if self.answer(page, slot) is None]

    def enter(
        self,
        page: Page,
        slot: AnnotationQuestion,
        value: JudgedValue,
        quotes: Sequence[str] = (),
        reason: str = "",
    ) -> Judgement:
        """Take an answer; it replaces an earlier one.

        Raises:
            ValueError: the value is not on the question's scale, or a quote was not said.

        """
        most = slot.wording.question.quotes
        if len(quotes) > most:
            raise ValueError(f"{len(quotes)} quotes are too many; give at most {most}")
        # A model's wrong quote is dropped, a person mends it.
        given = {"answer": value, "quotes": [page.quoted(slot, one) for one in quotes], "reason": reason}
        judgement = read(slot.item, slot.wording, given, [("", text) for text in page.said(slot)])
        assert judgement is not None
        self._put(page, slot, judgement)
        return judgement

    def leave_out(self, page: Page, slot: AnnotationQuestion) -> None:
        """Note that the person gives no answer."""
        self._put(page, slot, slot.item.judged("refused", reason=LEFT_OUT))

    def _put(self, page: Page, slot: AnnotationQuestion, judgement: Judgement) -> None:
        key = page.code, slot.asked.id
        if self._answers.setdefault(key, {}).get(slot.item) != judgement:
            self._answers[key][slot.item] = judgement
            self._changed[key] = None

    def save(self) -> int:
        """Store every sheet that has changed, all of them or none, and return how many.

        A sheet holds what has been answered so far; a later one takes its place.

        Raises:
            UserError: the disk is full or the folder cannot be written.

        """
        assert self._writer is not None
        sheets = [self._sheet(self._by_code[code], name) for code, name in self._changed]
        if sheets:
            self._writer.append(*sheets)
        self._changed.clear()
        return len(sheets)

    def _sheet(self, page: Page, name: str) -> Sheet:
        known = [self.answer(page, slot) for slot in page.slots if slot.asked.id == name]
        return Sheet(
            dialogue=self._ids[page.code],
            questions=name,
            perspective=THIRD_PARTY,
            judge=self.judge,
            fingerprint=self._fingerprints[name],
            judgements=tuple(judgement for judgement in known if judgement is not None),
        )

    def recall(self, sheets: Iterable[Sheet]) -> None:
        """Take over what the person has answered before."""
        codes = {dialogue: code for code, dialogue in self._ids.items()}
        for sheet in sheets:
            if (
                sheet.judge == self.judge
                and sheet.dialogue in codes
                and sheet.fingerprint == self._fingerprints.get(sheet.questions)
            ):
                self._answers[codes[sheet.dialogue], sheet.questions] = {
                    Item(judgement.question, judgement.agent, judgement.turn): judgement
                    for judgement in sheet.judgements
                    if judgement.status != "not_applicable"
                }


@contextmanager
def annotation(
    run: Run,
    name: str,
    *,
    questions: Sequence[str] | None = None,
    sample: int | None = None,
) -> Iterator[Annotation]:
    """Open a run for a person's answers, and keep others from judging it at the same time.

    Args:
        run: what is annotated.
        name: the person's; the judge is "person:NAME".
        questions: ids or paths of question sets; None: the usual ones.
        sample: most dialogues of each scenario and condition, the same that `judge` takes; None: all.

    Raises:
        UserError: something named is wrong, there is nothing to annotate, or another process judges the run.

    """
    with run.judging() as writer:
        yield _annotation(run, name, questions, sample, writer)


def unwritten_annotation(
    run: Run,
    name: str | None,
    *,
    questions: Sequence[str] | None = None,
    sample: int | None = None,
) -> Annotation:
    """Return an annotation that is only read; without a name, that of a person who has answered nothing.

    Raises:
        UserError: as `annotation`.

    """
    return _annotation(run, name, questions, sample, None)


def _annotation(
    run: Run,
    name: str | None,
    questions: Sequence[str] | None,
    sample: int | None,
    writer: SheetWriter | None,
) -> Annotation:
    if name is not None and not _NAME.fullmatch(name):
        raise UserError(f"name {name!r} cannot be used; take at most 40 letters, digits, dots, hyphens")
    if sample is not None and sample < 1:
        raise UserError(f"sample must be at least 1, not {sample}")
    judge = f"{PERSON}{name or ''}"
    asked = _for_people(run, questions)
    fingerprints = Fingerprints(run, {}, (), {}, writer.describe_judge if writer else lambda *_: None)
    pages, ids = _pages(run, asked, sample)
    if not pages:
        raise UserError(f"{str(run.path)!r} has no finished dialogue to annotate")
    Seed(run.config.seed, "", 0).stream("annotation", judge).shuffle(pages)
    known = {item.id: fingerprints.of(judge, None, item) for item in asked}
    opened = Annotation(judge, pages, ids, known, writer)
    if name is not None:
        opened.recall(run.judgements())
    return opened


def _for_people(run: Run, references: Sequence[str] | None) -> list[SetQuestionnaire]:
    """Return what a neutral reader can be asked."""
    found = []
    for item in questionnaires(references, run, taxonomies_of(run)):
        if isinstance(item, SetQuestionnaire) and any(
            _asked(item, scenario) for scenario in run.header.scenarios.values()
        ):
            found.append(item)
        elif references is not None:
            raise UserError(
                f"questions {item.id!r} are not for people: they are not asked of a neutral reader; "
                "leave them out"
            )
    return found


def _asked(questionnaire: SetQuestionnaire, scenario: Scenario) -> QuestionSet | None:
    asked = questionnaire.set_of(scenario)
    return asked if asked is not None and "third_party" in asked.perspectives else None


def _pages(
    run: Run, asked: Sequence[SetQuestionnaire], sample: int | None
) -> tuple[list[Page], dict[str, str]]:
    chosen = {name: drawn(run, name, sample) for name in run.header.scenarios}
    pages, ids = [], {}
    for dialogue in run:
        if dialogue.status == "failed" or dialogue.index not in chosen[dialogue.scenario]:
            continue
        scenario, transcript = run.scenario_of(dialogue), public_record(dialogue.turns)
        slots = tuple(slot for item in asked for slot in _slots(item, scenario, transcript))
        if slots:
            code = _code(run, dialogue.id)
            ids[code] = dialogue.id
            pages.append(Page(code, audience_of(scenario), transcript, slots))
    return pages, ids


def _code(run: Run, dialogue: str) -> str:
    """Return a name for a dialogue that tells nothing; it begins with a letter, as it is no number."""
    return "d" + hashlib.sha256(f"{run.header.created} {dialogue}".encode()).hexdigest()[:10]


def _slots(
    questionnaire: SetQuestionnaire, scenario: Scenario, transcript: Sequence[PublicTurn]
) -> Iterator[AnnotationQuestion]:
    asked = _asked(questionnaire, scenario)
    if asked is None:
        return
    for question in asked.questions:
        wording = questionnaire.worded(question, scenario)
        for item in items_of(question, scenario, transcript):
            yield AnnotationQuestion(asked, item, wording)
