"""Judges that list claims by a script, and what is asked of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from negosim import Run
from negosim.judging import judge
from negosim.models import ChatRequest, ScriptedModel
from negosim.records import Claim, Dialogue, Judgement, Sheet
from negosim.scenarios import Scenario

MakeRun = Callable[..., Run]


def asked(run: Run, model: ScriptedModel | None = None) -> dict[str, Sheet]:
    """Return the sheets about claims by dialogue, of a model or the oracle."""
    name = "oracle" if model is None else "m"
    judge(run, judges=[name], chat_models={"m": model} if model else {}, questions=["claims"])
    return {sheet.dialogue: sheet for sheet in run.judgements() if sheet.judge == name}


NO_VOTE = {"note": 1, "difference": "none", "answer": "unverifiable"}


def wants_vote(request: ChatRequest) -> bool:
    """Return whether a call is about one claim, and not about what is claimed."""
    return "note" in request.schema["properties"]


def lister(script: Callable[[ChatRequest], Any], vote: Any = NO_VOTE) -> ScriptedModel:
    """Return a judge that lists claims by a script, and votes on each."""
    return ScriptedModel(lambda request: vote if wants_vote(request) else script(request))


def looked_at(request: ChatRequest) -> list[int]:
    """Return which utterances, by index, a call is about."""
    return [int(field.removeprefix("utterance_")) - 1 for field in request.schema["properties"]]


def form(request: ChatRequest, claims: Sequence[Any]) -> dict[str, Any]:
    """Return an answer with a list for each utterance, claims being numbered by the one they are in."""
    return {
        f"utterance_{turn + 1}": [
            claim for claim in claims if (claim["utterance"] if isinstance(claim, dict) else 1) == turn + 1
        ]
        for turn in looked_at(request)
    }


def listed(claim: Claim, turn: int, scenario: Scenario) -> dict[str, Any]:
    """Write a recorded claim the way a judge should."""
    stated = None
    if claim.subject == "priority":
        stated = "most"
    elif claim.issue is not None and claim.stated is not None:
        stated = scenario.issue_by_id[claim.issue].label(claim.stated)
    return {
        "utterance": turn + 1,
        "quote": claim.quote,
        "subject": claim.subject,
        "issue": claim.issue,
        "stated": stated,
    }


def perfect(run: Run) -> ScriptedModel:
    """Return a judge that finds every recorded claim and no other."""
    dialogues = list(run)

    def script(request: ChatRequest) -> Any:
        (dialogue,) = (d for d in dialogues if d.turns[0].utterance.text in request.messages[1].content)
        scenario = run.scenario(dialogue.scenario)
        claims = [
            listed(claim, turn, scenario)
            for turn in looked_at(request)
            for claim in dialogue.turns[turn].claims
        ]
        return form(request, claims)

    return lister(script)


def rows(sheet: Sheet, question: str) -> list[Judgement]:
    return [judgement for judgement in sheet.judgements if judgement.question == question]


def recorded(dialogue: Dialogue) -> Iterator[tuple[int, int, Claim]]:
    return ((turn.index, turn.role, claim) for turn in dialogue.turns for claim in turn.said_claims)


def said(run: Run, turn: int) -> str:
    (dialogue,) = run
    return " ".join(dialogue.turns[turn].utterance.text.split()[:5])


def good(run: Run, **changes: Any) -> dict[str, Any]:
    claim = {"utterance": 2, "quote": said(run, 1), "subject": "priority", "issue": "price", "stated": "most"}
    return {**claim, **changes}


def answered(run: Run, *claims: Any) -> tuple[Sheet, ScriptedModel]:
    """Return the sheet of a judge that lists the same claims however often it is asked."""
    model = lister(lambda request: form(request, claims))
    (sheet,) = asked(run, model).values()
    return sheet, model


def issue_of(run: Run) -> str:
    return run.scenario("viatex").issues[0].id
