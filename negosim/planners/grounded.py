"""The planner `grounded`: a draft, its claims checked against facts, what they do not bear out rewritten."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from negosim.agents import Asks, Said, Says, Speech, capable
from negosim.engine import Deliberation, DialogueContext, Participant, answers_of
from negosim.judging import embeddings_available
from negosim.planners import Planner, PlannerSettings, PlannerStage, StagePrompt
from negosim.planners.facts import FactBase, Index, document_base, document_digest, fact_base
from negosim.views import View

Phrase = Annotated[str, Field(min_length=1, max_length=600)]


class GroundedSettings(PlannerSettings):
    """Settings of `grounded`."""

    sections: Annotated[int, Field(ge=1, le=10)] = 4
    """Sections that a draft is split into, at most."""
    passages: Annotated[int, Field(ge=1, le=10)] = 3
    """Passages that a claim is checked against."""
    documents: str = ""
    """Folder of documents (.txt, .md) in place of the scenario's facts and the speaker's own brief."""
    index: Index = "bm25"
    """How passages are found: by their words ("bm25"), or by meaning ("embedding", with negosim[text])."""

    def identity(self) -> dict[str, str]:
        """Return what tells the documents from other ones, and refuse what cannot be used."""
        if self.index == "embedding" and not embeddings_available():
            raise ValueError("index=embedding needs the sentence encoder; pip install 'negosim[text]'")
        return {"documents": document_digest(self.documents)} if self.documents else {}


class GroundedSection(BaseModel):
    """A part of a draft, what it is for, and the fact that it claims, if any."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    text: Phrase
    strategy: Annotated[str, Field(min_length=1, max_length=200)]
    claim: Annotated[str, Field(max_length=300)] | None


class QueryAnswer(BaseModel):
    """What `grounded-question` asks for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    query: Annotated[str, Field(max_length=300)] | None


class SupportAnswer(BaseModel):
    """What `grounded-check` asks for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Said
    supported: bool


class RewrittenAnswer(BaseModel):
    """What `grounded-rewrite` asks for; "" leaves the section out."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    text: Annotated[str, Field(max_length=600)]


@dataclass(frozen=True)
class Drafted:
    """What the stages pass on: the draft, and its sections with what was found for each."""

    speech: Speech
    sections: tuple[GroundedSection, ...] = ()
    found: tuple[tuple[str, ...], ...] = ()
    """By section: the passages that its claim is checked against."""
    supported: tuple[bool, ...] = ()


async def draft(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Look up what the other asks, where it asks something, and write a draft with it."""
    view, settings = turn["view"], cast(GroundedSettings, context.settings)
    known: tuple[str, ...] = ()
    if view.last is not None and view.last.role != view.side.index:
        asked = await capable(participant.agent, Asks).ask("grounded-question", view, QueryAnswer)
        known = _base(view, settings).find(asked.query, settings.passages) if asked.query else ()
    _, speech = await capable(participant.agent, Says).say("grounded-draft", view, passages=known)
    return {"notes": Drafted(speech)}


async def split(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Split the draft into sections, each with its strategy and the fact that it claims."""
    drafted: Drafted = turn["notes"]
    form = _sections(context.settings.sections)
    text = drafted.speech.utterance.text
    asks = capable(participant.agent, Asks)
    given = await asks.ask("grounded-split", turn["view"], form, draft=text, most=context.settings.sections)
    return {"notes": replace(drafted, sections=tuple(given.sections))}


async def check(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Check each claim against the passages found for it, all at once; what nothing is found for fails."""
    view, settings, drafted = turn["view"], cast(GroundedSettings, context.settings), turn["notes"]
    base, asks = _base(view, settings), capable(participant.agent, Asks)
    found = tuple(base.find(one.claim, settings.passages) if one.claim else () for one in drafted.sections)
    asked = [place for place, passages in enumerate(found) if passages]
    answers = await answers_of(
        asks.ask(
            "grounded-check",
            view,
            SupportAnswer,
            purpose=f"{place} {drafted.sections[place].claim}",
            claim=drafted.sections[place].claim,
            passages=found[place],
        )
        for place in asked
    )
    supported = [not one.claim for one in drafted.sections]
    for place, answer in zip(asked, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        supported[place] = answer.supported
    thought = _in_words(drafted.sections, supported)
    return {
        "view": replace(view, reflection=thought) if thought else view,
        "notes": replace(drafted, found=found, supported=tuple(supported)),
    }


def _in_words(sections: tuple[GroundedSection, ...], supported: list[bool]) -> str:
    """Write what the check found, as a thought."""
    said = {True: "borne out", False: "not borne out by what I know"}
    return " ".join(
        f'"{section.claim}" is {said[fine]}.'
        for section, fine in zip(sections, supported, strict=True)
        if section.claim
    )


async def rewrite(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Put each section whose claim is not borne out anew, for the same purpose, and merge; else leave all."""
    view, drafted = turn["view"], cast(Drafted, turn["notes"])
    speech = drafted.speech
    wrong = [place for place, fine in enumerate(drafted.supported) if not fine]
    if wrong:
        asks = capable(participant.agent, Asks)
        answers = await answers_of(
            asks.ask(
                "grounded-rewrite",
                view,
                RewrittenAnswer,
                purpose=f"{place} {drafted.sections[place].text}",
                section=drafted.sections[place].model_dump(),
                passages=drafted.found[place],
            )
            for place in wrong
        )
        texts = [section.text for section in drafted.sections]
        for place, answer in zip(wrong, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            texts[place] = answer.text
        _, speech = await capable(participant.agent, Says).say(
            "grounded-merge",
            view,
            sections=[text for text in texts if text],
            action=speech.utterance.action,
            offer=view.side.describe(speech.utterance.offer) if speech.utterance.offer else "",
        )
    return {"view": replace(view, draft=speech.utterance), "speech": speech, "notes": None}


def _base(view: View, settings: GroundedSettings) -> FactBase:
    if settings.documents:
        return document_base(settings.documents, settings.index)
    return fact_base(view.side, settings.index)


def _sections(most: int) -> type[BaseModel]:
    class Sections(BaseModel):
        """What `grounded-split` asks for."""

        model_config = ConfigDict(extra="forbid")

        sections: Annotated[list[GroundedSection], Field(min_length=1, max_length=most)]

    return Sections


def _split_sample(view: View) -> dict[str, Any]:
    return {"draft": "(draft)", "most": 4}


def _check_sample(view: View) -> dict[str, Any]:
    return {"claim": "(claim)", "passages": ("(passage)",)}


def _rewrite_sample(view: View) -> dict[str, Any]:
    section = {"text": "(section)", "strategy": "(strategy)", "claim": "(claim)"}
    return {"section": section, "passages": ("(passage)",)}


def _merge_sample(view: View) -> dict[str, Any]:
    return {"sections": ["(section)"], "action": "talk", "offer": ""}


GROUNDED = Planner(
    stages=(
        PlannerStage(
            "draft",
            draft,
            Says,
            (
                StagePrompt("grounded-question", "query"),
                StagePrompt(
                    "grounded-draft", "move, utterance", sample=lambda view: {"passages": ("(passage)",)}
                ),
            ),
        ),
        PlannerStage(
            "split",
            split,
            Asks,
            (StagePrompt("grounded-split", "sections, each text, strategy and claim", "1", _split_sample),),
        ),
        PlannerStage(
            "check",
            check,
            Asks,
            (StagePrompt("grounded-check", "reason, supported", "sections", _check_sample),),
        ),
        PlannerStage(
            "rewrite",
            rewrite,
            Says,
            (
                StagePrompt("grounded-rewrite", "text", "sections", _rewrite_sample),
                StagePrompt("grounded-merge", "move, utterance", sample=_merge_sample),
            ),
        ),
    ),
    about="a draft, each claim of it checked against facts or documents, what they do not bear out rewritten",
    source="PersuaBot: zero-shot persuasive chatbots with generated strategies and retrieved facts (question "
    "handling, strategy maintenance)",
    settings=GroundedSettings,
)
