"""A dialogue as its page shows it: what a view may not see is not in here, so no template can show it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from negosim._text import clean, money, one_line, points
from negosim.records import MARKED, Claim, Condition, Dialogue, Measurement, Sheet, Turn
from negosim.scenarios import Scenario
from negosim.store import Run
from negosim.table import Table, opening_table
from negosim.terminal import (
    MOMENTS,
    Lens,
    Move,
    condition_line,
    ending,
    given_floor,
    heard_asides,
    lens_of,
    move_of,
    outcome_lines,
    traits_of,
    verdict,
)
from negosim.web.judgements import JudgementView, judgement_views
from negosim.web.segments import Highlight, Segment, segments

LEAVES = {
    "below": "all it was offered was worth less to it than no deal",
    "belief": "it believes that it can do better",
    "spite": "it would rather lose than deal with somebody it has caught lying",
}


@dataclass(frozen=True)
class ShownCandidate:
    """A rollout: tactic, sketch, expected reply and score."""

    tactic: str
    utterance: str
    expected_reply: str
    score: str
    reason: str
    chosen: bool


@dataclass(frozen=True)
class ClaimView:
    """A claim with what is known of its truth."""

    look: str
    """"true", "false" or "misleading"."""
    quote: str
    subject: str
    stated: str
    actual: str
    technique: str
    left_out: str


@dataclass(frozen=True)
class TurnView:
    """One utterance with as much of what was behind it as the view sees."""

    index: int
    role: int
    name: str
    pieces: tuple[Segment, ...]
    verb: str
    terms: str
    settles: bool
    worth: tuple[tuple[int, str], ...]
    reflection: str = ""
    tactic: str = ""
    candidates: tuple[ShownCandidate, ...] = ()
    draft: str = ""
    leaves_for: str = ""
    claims: tuple[ClaimView, ...] = ()
    measured: tuple[str, ...] = ()
    asides: tuple[tuple[str, str], ...] = ()
    """Side messages: whom each is for, and its words."""
    marks: tuple[str, ...] = ()
    """What is wrong with it, in words."""
    floor: str = ""
    """Whom the chair gave the floor to."""

    @property
    def number(self) -> int:
        """The utterance's number from 1, as its anchor has it."""
        return self.index + 1

    @property
    def thinks(self) -> bool:
        """Whether there is something private to show."""
        return bool(self.reflection or self.tactic or self.candidates or self.draft or self.leaves_for)


@dataclass(frozen=True)
class RoleView:
    """A role: public, and confidential as far as the view sees it."""

    position: int
    name: str
    what: str
    model: str
    traits: str = ""
    brief: str = ""
    interests: tuple[str, ...] = ()
    alternative: str = ""
    secrets: tuple[str, ...] = ()
    deceptive_brief: str = ""
    reservation: str = ""
    target: str = ""


@dataclass(frozen=True)
class DealRow:
    """How one issue was settled, and what it is worth to the roles shown."""

    issue: str
    settled: str
    worth: tuple[str, ...]


@dataclass(frozen=True)
class CallView:
    """One call of a model, in words."""

    turn: str
    agent: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class DialogueView:
    """Everything a dialogue's page shows."""

    title: str
    summary: str
    context: str
    id: str
    """"" where the view may not know under which condition the dialogue was made, which its id says."""
    condition: str
    models: list[str]
    """What played each role."""
    verdict: str
    ending: str
    roles: tuple[RoleView, ...]
    turns: tuple[TurnView, ...]
    deal: tuple[DealRow, ...]
    private: tuple[int, ...]
    truth: bool
    lines: tuple[str, ...]
    judgements: tuple[JudgementView, ...]
    calls: tuple[CallView, ...]
    has_plane: bool
    has_concessions: bool


def dialogue_view(
    dialogue: Dialogue, scenario: Scenario, lens: Lens, sheets: Iterable[Sheet] = ()
) -> DialogueView:
    """Return a dialogue as a view sees it.

    Args:
        dialogue: the record.
        scenario: what it was played in.
        lens: whose eyes; see `negosim.terminal.lens_of`.
        sheets: what judges have answered about it.

    """
    private = tuple(sorted(lens.private))
    judged = judgement_views(sheets, dialogue, scenario, lens)
    turns = tuple(
        turn_views(dialogue.turns, scenario, lens, judgements=judged, measured=dialogue.measurements)
    )
    offers = any(turn.verb == "offers" for turn in turns) and scenario.has_deals
    return DialogueView(
        title=one_line(scenario.title),
        summary=clean(scenario.summary),
        context=clean(scenario.context),
        id=dialogue.id if lens.truth else "",
        condition=condition_line(scenario, dialogue.condition, lens) or "",
        models=list(dialogue.models),
        verdict=verdict(dialogue).capitalize(),
        ending=ending(dialogue, scenario, lens),
        roles=role_views(scenario, dialogue.condition, dialogue.models, lens, dialogue.traits),
        turns=turns,
        deal=tuple(_deal(dialogue, scenario, private)),
        private=private,
        truth=lens.truth,
        lines=tuple(outcome_lines(dialogue, scenario, lens)),
        judgements=judged,
        calls=tuple(_calls(dialogue)) if lens.truth else (),
        has_plane=offers and lens.truth and len(scenario.roles) == 2,
        has_concessions=offers and bool(private),
    )


def seen_in(run: Run, reference: str, view: str) -> tuple[Dialogue, Scenario, Lens, DialogueView]:
    """Return a dialogue of a run, what it was played in, and how a view sees it.

    Args:
        run: the run; it is read for the dialogue and for what judges have answered about it.
        reference: the dialogue's number or id.
        view: whose eyes.

    Raises:
        UserError: there is no such dialogue or view.

    """
    dialogue = run.dialogue(reference)
    scenario = run.scenario_of(dialogue)
    lens = lens_of(view, scenario)
    sheets = [sheet for sheet in run.judgements() if sheet.dialogue == dialogue.id]
    return dialogue, scenario, lens, dialogue_view(dialogue, scenario, lens, sheets)


def role_views(
    scenario: Scenario,
    condition: Condition,
    models: Sequence[str],
    lens: Lens,
    traits: Sequence[Sequence[str]] = (),
) -> tuple[RoleView, ...]:
    """Return the roles; the confidential parts of those alone whose side is seen."""
    views = []
    for position, role in enumerate(scenario.roles):
        view = RoleView(position, one_line(role.name), one_line(role.position), one_line(models[position]))
        if position in lens.private:
            told = role.deceptive_brief if position in condition.deceptive else None
            view = RoleView(
                *(view.position, view.name, view.what, view.model),
                traits=one_line(traits_of(position, traits, lens)),
                brief=clean(role.brief),
                interests=tuple(map(clean, role.interests)),
                alternative=clean(role.alternative),
                secrets=tuple(map(clean, role.secrets)),
                deceptive_brief=clean(told or ""),
                reservation=points(role.payoff.reservation) if scenario.has_deals else "",
                target=points(role.payoff.target) if scenario.has_deals else "",
            )
        views.append(view)
    return tuple(views)


def turn_views(
    turns: Sequence[Turn],
    scenario: Scenario,
    lens: Lens,
    *,
    judgements: Sequence[JudgementView] = (),
    measured: Sequence[Measurement] = (),
) -> Iterator[TurnView]:
    """Yield utterances as a view sees them, those of an unfinished dialogue as well."""
    table = opening_table(scenario)
    quotes = [Highlight(quote, quoted_by=each.key) for each in judgements for quote in each.evidence]
    for turn in turns:
        after = table.after(turn.role, turn.utterance)
        said = [given for given in measured if given.moment == "each_turn" and given.turns == turn.index + 1]
        yield _turn(turn, scenario, lens, (table, after), quotes, said)
        table = after


def _turn(
    turn: Turn,
    scenario: Scenario,
    lens: Lens,
    tables: tuple[Table, Table],
    quotes: Sequence[Highlight],
    measured: Sequence[Measurement],
) -> TurnView:
    move: Move | None = move_of(turn, *tables)
    claims = tuple(_claim(claim) for claim in turn.claims) if lens.truth else ()
    marks = [Highlight(claim.quote, look=claim.look) for claim in claims if claim.quote]
    thinks = lens.thinks(turn.role)
    chosen_alone = turn.tactic if turn.tactic and not turn.rollouts else ""
    return TurnView(
        index=turn.index,
        role=turn.role,
        name=one_line(scenario.roles[turn.role].name),
        pieces=segments(turn.utterance.text, [*marks, *quotes]),
        verb=move.verb if move else "",
        terms=move.describe(scenario) if move else "",
        settles=bool(move and move.settles and move.verb == "accepts"),
        worth=tuple(move.worth(scenario, sorted(lens.private))) if move else (),
        reflection=clean(turn.reflection or "") if thinks else "",
        tactic=one_line(chosen_alone) if thinks else "",
        candidates=tuple(_candidates(turn)) if thinks else (),
        draft=clean(turn.draft or "") if thinks else "",
        leaves_for=LEAVES.get(turn.leaves_for or "", "") if thinks else "",
        claims=claims,
        measured=tuple(_measured(measured, scenario, lens)),
        asides=tuple((whom, clean(text)) for whom, text in heard_asides(scenario, turn, lens)),
        marks=tuple(MARKED[mark] for mark in turn.marks) if lens.truth else (),
        floor=given_floor(scenario, turn) or "",
    )


def _candidates(turn: Turn) -> Iterator[ShownCandidate]:
    for position, rollout in enumerate(turn.rollouts):
        yield ShownCandidate(
            tactic=one_line(rollout.tactic),
            utterance=clean(rollout.utterance),
            expected_reply=clean(rollout.expected_reply),
            score="" if rollout.score is None else f"{rollout.score:.1f}",
            reason=clean(rollout.reason or ""),
            chosen=position == turn.chosen,
        )


def _claim(claim: Claim) -> ClaimView:
    misleading = claim.true and claim.technique is not None
    return ClaimView(
        look="misleading" if misleading else "true" if claim.true else "false",
        quote="" if claim.technique == "omission" else clean(claim.quote),
        subject=", ".join(filter(None, (claim.subject, claim.issue))),
        stated=_plain(claim.stated),
        actual=_plain(claim.actual),
        technique=claim.technique or "",
        left_out=clean(claim.left_out or ""),
    )


def _plain(value: str | float | None) -> str:
    return "" if value is None else one_line(value) if isinstance(value, str) else points(value)


def _measured(measured: Sequence[Measurement], scenario: Scenario, lens: Lens) -> Iterator[str]:
    labels = {measure.id: measure for measure in scenario.measures}
    for given in measured:
        if given.role in lens.private:
            told = (
                given.status.replace("_", " ")
                if given.value is None
                else labels[given.measure].label(given.value)
            )
            when = MOMENTS[given.moment].format(given.turns)
            about = "" if given.about is None else f" of agent {given.about + 1}"
            yield f"agent {given.role + 1} in private {when}, {given.measure}{about}: {one_line(told)}"


def _deal(dialogue: Dialogue, scenario: Scenario, private: Sequence[int]) -> Iterator[DealRow]:
    deal = dialogue.outcome.deal
    if deal is None:
        return
    for issue in scenario.issues:
        value = deal[issue.id]
        worth = [points(scenario.roles[role].payoff.points(issue, value)) for role in private]
        yield DealRow(one_line(issue.name), one_line(issue.label(value)), tuple(worth))
    if private:
        values = dialogue.outcome.values or ()
        yield DealRow("All together", "", tuple(points(values[role]) for role in private))


def _calls(dialogue: Dialogue) -> Iterator[CallView]:
    for call in dialogue.calls:
        yield CallView(
            "" if call.turn is None else str(call.turn + 1),
            "" if call.role is None else str(call.role + 1),
            (
                *(call.stage, one_line(call.model), f"{call.calls:,}", f"{call.tokens_in:,}"),
                *(f"{call.tokens_cached:,}", f"{call.tokens_out:,}", ", ".join(call.again)),
                f"{call.seconds:.2f}",
                "reused answer" if call.cached_calls else money(call.usd),
            ),
        )
