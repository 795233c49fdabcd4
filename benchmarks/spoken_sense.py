"""Consistency of the simulated negotiator's words with themselves and the record, and their variety.

Reads a corpus as text: nothing is known of how the sentences were made, so that words added later are held
to the same. Counts, in dialogues of every scenario and condition:

* an utterance that disagrees with its own move, announces one change and makes several, goes the wrong way;
* a number without its issue, where issues share a unit;
* two openers in a row, and an offer spoken of before there is one;
* claims that the next reply takes up;
* sentence frames, with names, values and issues masked: the commonest, and how many sentences are of
  common ones.

    python benchmarks/spoken_sense.py [N] [SEED] [RUN]
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spoken_values import ValueReader

from negosim import Condition, Dialogue, Run, RunConfig, generate
from negosim.records import Turn
from negosim.scenarios import Scenario, Value, list_scenarios, load_scenario

COMMON = 20
"""A sentence frame used so often in the corpus is a common one."""

_SENTENCE = re.compile(r"(?<=[.!?…])[\"”']?\s+")
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|, (?:but|and|or|so|if|while|though) | — ")
_YES = re.compile(
    r"\b(?:(?:can|could|'ll|will) (?:work|live|go along|agree) (?:with|to)|(?:can|could) (?:follow|meet) you|"
    r"works for me|fine (?:with|by) me|i(?:'ll| will)? (?:accept|take)\b)",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:if|would|could you|can't|cannot|not|n't|unless|provided|hardly|why)\b", re.IGNORECASE
)
_NO = re.compile(
    r"\b(?:can't (?:take|accept|do|sign|agree to|live with)|won't (?:take|accept|do|sign)|(?:is|are|was) too "
    r"(?:much|little|low|high|far)|out of the question|impossible for me)\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b(?:one change|a single change|one thing in your|"
    r"(?:only|just|but|make) one (?:thing|point|correction)|"
    r"one (?:thing|point) (?:different|changed))\b",
    re.IGNORECASE,
)
_UP = re.compile(
    r"\b(?:come|go|went|move|moved|came|climb|raise it|up) up to (?P<value>[^,.;?!]+)", re.IGNORECASE
)
_DOWN = re.compile(
    r"\b(?:come|go|went|move|moved|came|drop|dropped|worn me) down to (?P<value>[^,.;?!]+)", re.I
)
_YOURS = re.compile(
    r"\byour (?:own )?(?:last |first |latest )?(?:offer|proposal|package|terms|version|figures?|numbers?)\b|"
    r"\bwhat you(?:'ve| have)? (?:just )?(?:put forward|proposed|offered)\b|\bas you (?:put|have) it\b",
    re.IGNORECASE,
)
_MINE = re.compile(
    r"\bmy (?:own )?(?:last|latest|previous|earlier) (?:offer|proposal|package|version)\b|"
    r"\b(?:of|in|from) my (?:offer|proposal|package|version)\b|\bas i (?:had|put|proposed) it\b|"
    r"\bmy offer stands\b",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:make|give|hear|have|see|start with|bring) (?:me |us )?your\b", re.IGNORECASE
)
_MARKER = (
    r"(?:well|look|all right|alright then|honestly|you know|okay|ok|listen|right|to be fair|frankly|hm+|now|"
    r"let's see|so|there|good|fine|yes|no|sure|see|hey|oh|ah|er|um)"
)
_DOUBLED = re.compile(rf"^{_MARKER}[,.…]+ {_MARKER}[,.…]+ ", re.IGNORECASE)
_TAKEN_UP: Mapping[str, re.Pattern[str]] = {
    subject: re.compile("|".join(words.split(" / ")), re.IGNORECASE)
    for subject, words in {
        "alternative": "elsewhere / alternative / other (?:offer|option|plan|client|part|place|side) / "
        "options? / "
        "some(?:body|one|where) else / without (?:me|us|this|a deal) / choices? / walk away / take it / "
        r"their (?:offer|terms) / them\b / go with (?:it|them) / in writing / proof",
        "deadline": r"deadline / clock / calendar / \btime\b / hurr(?:y|ied) / rush / tonight / "
        "today / tomorrow / "
        r"date / days?\b / late\b / soon / quick / pressed / pressing / week / month / when / timing",
        "reservation": r"limit / lines?\b / bottom / floor / ceiling / as far as / final / that far / "
        "further / "
        "hands are tied / stuck / wall / edge / never / told me where",
        "promise": r"promises? / promised / word\b / favou?r / later / next time / owe / in writing / "
        "paper / guarantee / good will / gesture / generous",
        "priority": r"matters?\b / first\b / important / priority / priorities / weigh / cares?\b / count / "
        r"top\b / "
        "heart / "
        "what you need / it all turns on / open about",
        "fact": r"true\b / says / sure\b / know\b / certain / check / proof / prove / noted / hear(?:d)?\b / "
        "fact / "
        "believe / told / telling me / new to me / say so / so you say / that so / really / point / doubt / "
        "since when / "
        "take your word / i see / granted / in writing / honestly",
    }.items()
}
_STOP_WORDS = (
    "about after again all also and any are because been but can could for from had has have her here "
    "his how into just like more much not now only other our out over same she should some than that "
    "the their them then there they this to too until very want was were what when where which who "
    "will with would you your"
)
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True)
class Finding:
    """Something an utterance says that does not fit."""

    kind: str
    dialogue: str
    turn: int
    words: str


def findings(dialogue: Dialogue, reader: ValueReader) -> Iterator[Finding]:
    """Yield everything that does not fit in a dialogue's utterances."""
    positions: dict[int, dict[str, Value]] = {}
    for turn in dialogue.turns:
        before = {role: dict(position) for role, position in positions.items()}
        if turn.utterance.action == "offer":
            positions.setdefault(turn.role, {}).update(turn.utterance.offer or {})
        for kind, words in _turn_findings(turn, before, positions.get(turn.role, {}), reader, dialogue):
            yield Finding(kind, dialogue.id, turn.index, words)


def _turn_findings(
    turn: Turn,
    before: Mapping[int, Mapping[str, Value]],
    now: Mapping[str, Value],
    reader: ValueReader,
    dialogue: Dialogue,
) -> Iterator[tuple[str, str]]:
    text = turn.utterance.text
    quotes = [claim.quote for claim in turn.claims]
    others = {role: position for role, position in before.items() if role != turn.role}
    for sentence in _SENTENCE.split(text):
        if _DOUBLED.match(sentence):
            yield "doubled opener", sentence
        if any(sentence in quote for quote in quotes):
            continue
        if _YOURS.search(sentence) and not others and not _HYPOTHETICAL.search(sentence):
            yield "offer before there is one", sentence
        if _MINE.search(sentence) and turn.role not in before:
            yield "offer before there is one", sentence
        yield from ((("number without issue"), f"{number}: {sentence}") for number in reader.bare(sentence))
        for clause in _CLAUSE.split(sentence):
            yield from _disagreements(clause, turn, now, reader, dialogue)
        yield from _wrong_ways(sentence, turn, before.get(turn.role, {}), reader)
    if turn.utterance.action == "offer" and _ONE.search(text):
        last = _last_offer(turn, dialogue)
        changed = [i for i, v in (turn.utterance.offer or {}).items() if last.get(i) != v]
        mine = [i for i, v in (turn.utterance.offer or {}).items() if before.get(turn.role, {}).get(i) != v]
        if last and len(turn.utterance.offer or {}) > 1 and 1 not in (len(changed), len(mine)):
            yield "one change, several made", text


def _last_offer(turn: Turn, dialogue: Dialogue) -> Mapping[str, Value]:
    offers = [
        t.utterance.offer
        for t in dialogue.turns[: turn.index]
        if t.role != turn.role and t.utterance.action == "offer" and t.utterance.offer
    ]
    return offers[-1] if offers else {}


def _disagreements(
    clause: str, turn: Turn, now: Mapping[str, Value], reader: ValueReader, dialogue: Dialogue
) -> Iterator[tuple[str, str]]:
    action = turn.utterance.action
    if clause.endswith("?") or action not in ("offer", "talk"):
        return
    yes, no = _YES.search(clause) and not _OPEN.search(clause), _NO.search(clause)
    if not yes and not no:
        return
    for issue, values in reader.named(clause).items():
        if yes and now.get(issue) is not None and now[issue] not in values:
            yield "words against the move", clause
        if no and action == "offer" and now.get(issue) in values:
            yield "words against the move", clause


def _wrong_ways(
    sentence: str, turn: Turn, before: Mapping[str, Value], reader: ValueReader
) -> Iterator[tuple[str, str]]:
    for pattern, up in ((_UP, True), (_DOWN, False)):
        for match in pattern.finditer(sentence):
            for issue, values in reader.named(match["value"]).items():
                old = before.get(issue)
                if isinstance(old, float) and all(
                    isinstance(v, float) and (v <= old if up else v >= old) for v in values
                ):
                    yield "wrong way", sentence


def taken_up(dialogue: Dialogue) -> Iterator[tuple[str, bool, bool]]:
    """Yield, for each claim followed by a reply: its subject, its truth, and whether it was taken up."""
    for turn, reply in zip(dialogue.turns, dialogue.turns[1:], strict=False):
        for claim in turn.claims:
            words = set(re.findall(r"[a-z]{4,}", claim.quote.casefold())) - _STOP
            answer = reply.utterance.text
            echoed = len(words & set(re.findall(r"[a-z]{4,}", answer.casefold()))) >= 2
            yield claim.subject, claim.true, bool(_TAKEN_UP[claim.subject].search(answer)) or echoed


@dataclass(frozen=True)
class Variety:
    """How varied the sentences of a corpus are."""

    commonest: str
    in_dialogues: float
    """Share of the dialogues in which the commonest frame stands."""
    common: float
    """Share of the sentences whose frame is used `COMMON` times or more."""
    sentences: int


def variety(
    dialogues: list[Dialogue], readers: Mapping[str, ValueReader]
) -> tuple[Variety, list[tuple[str, int]]]:
    """Count sentence frames, and the dialogues each stands in; the ten commonest come second."""
    uses, standing = Counter[str](), Counter[str]()
    for dialogue in dialogues:
        frames = [
            readers[dialogue.scenario].masked(sentence)
            for turn in dialogue.turns
            for sentence in _SENTENCE.split(turn.utterance.text)
        ]
        uses.update(frames)
        standing.update(set(frames))
    total = sum(uses.values())
    frame, count = standing.most_common(1)[0]
    common = sum(n for n in uses.values() if n >= COMMON)
    return Variety(frame, count / len(dialogues), common / total, total), standing.most_common(10)


@cache
def _reader(scenario: Scenario) -> ValueReader:
    return ValueReader(scenario)


def report(run: Run, examples: int = 3) -> None:
    """Print every figure for a run."""
    dialogues = list(run)
    readers = {name: ValueReader(run.scenario(name)) for name in {d.scenario for d in dialogues}}
    found = [finding for d in dialogues for finding in findings(d, readers[d.scenario])]
    turns = [turn for d in dialogues for turn in d.turns]
    print(f"{len(dialogues)} dialogues, {len(turns)} utterances")
    kinds = Counter(finding.kind for finding in found)
    for kind in sorted({*kinds, *KINDS}):
        print(f"  {kind:<28}{kinds[kind]:>6}")
        for finding in [f for f in found if f.kind == kind][:examples]:
            print(f"      {finding.dialogue} {finding.turn}: {finding.words}")
    heard, made = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    for dialogue in dialogues:
        for subject, true, answered in taken_up(dialogue):
            made[subject, true] += 1
            heard[subject, true] += answered
    print("claims taken up in the next reply")
    for (subject, true), count in sorted(made.items()):
        print(f"  {subject:<14}{'true' if true else 'false':<7}{heard[subject, true]:>6} of {count}")
    measured, commonest = variety(dialogues, readers)
    print(f"sentences {measured.sentences}, of frames used {COMMON} times or more {measured.common:.1%}")
    for frame, count in commonest:
        print(f"  {count / len(dialogues):6.1%}  {frame}")
    words = sorted(len(turn.utterance.text.split()) for turn in turns)
    short = sum(n < 20 for n in words) / len(words)
    print(f"words an utterance: mean {sum(words) / len(words):.1f}, under 20 {short:.1%}, most {words[-1]}")
    offers = sum(turn.utterance.action == "offer" for turn in turns) / len(dialogues)
    print(f"utterances a dialogue {len(turns) / len(dialogues):.1f}, offers {offers:.1f}")


KINDS = (
    "words against the move",
    "one change, several made",
    "wrong way",
    "number without issue",
    "doubled opener",
    "offer before there is one",
)


def main(dialogues: int, seed: int) -> None:
    """Make a corpus of every scenario and condition and print its figures."""
    conditions = (Condition(), Condition(deceptive=(1,)))
    config = RunConfig(
        scenarios=tuple(name for name in list_scenarios() if load_scenario(name).has_deals),
        dialogues=dialogues,
        conditions=conditions,
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        report(generate(config, out=Path(folder) / "run"))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        report(Run.open(Path(sys.argv[3])))
    else:
        main(*(int(value) for value in (sys.argv[1:] + ["20", "7"][len(sys.argv) - 1 :])))
