"""Which answers of a sheet count: conditions on other answers, and answers that contradict each other."""

from collections.abc import Mapping

import orjson

from negosim.judging._protocol import Item
from negosim.judging._questions import QuestionSet
from negosim.records import INCONSISTENT, JudgedValue, Judgement


def settled(
    asked: QuestionSet, judged: Mapping[Item, Judgement | None], *, partly: bool = False
) -> dict[Item, Judgement]:
    """Decide which answers count: one whose condition does not hold is not applicable.

    With `partly`, conditions on items that are not there (yet) are left open.
    """
    found: dict[Item, Judgement] = {}
    for item, judgement in judged.items():
        if (out := ruled_out(asked, item, judged)) is not None:
            found[item] = out
        elif judgement is not None:
            found[item] = judgement
        elif not partly or _all_known(asked, item, judged):
            found[item] = invalid(item, "needs an answer here, not null")
    return found


def ruled_out(asked: QuestionSet, item: Item, judged: Mapping[Item, Judgement | None]) -> Judgement | None:
    """Return the judgement that an item has no answer because of another's, None where it may have one."""
    for name, wanted in asked.by_id(item.question).only_if.items():
        other = judged.get(Item(name, item.agent, item.turn))
        if other is not None and other.status == "ok" and other.value != wanted:
            assert other.value is not None
            return item.judged("not_applicable", reason=f"{name} is {as_json(other.value)}")
    return None


def _all_known(asked: QuestionSet, item: Item, judged: Mapping[Item, Judgement | None]) -> bool:
    names = asked.by_id(item.question).only_if
    return all(judged.get(Item(name, item.agent, item.turn)) is not None for name in names)


def invalid(item: Item, reason: str) -> Judgement:
    """Return the judgement that an answer cannot be used."""
    return item.judged("invalid", reason=reason)


def contradictions(asked: QuestionSet, judged: Mapping[Item, Judgement | None]) -> list[tuple[Item, Item]]:
    """Return the pairs of items whose answers a judge cannot mean both, the later question first."""
    found = []
    for item, judgement in judged.items():
        if judgement is None or judgement.value is None:
            continue
        for one in asked.by_id(item.question).contradictions:
            other = Item(one.question, item.agent, item.turn)
            before = judged.get(other)
            if before is not None and before.value == one.answer and judgement.value in one.here:
                found.append((item, other))
    return found


def marked(asked: QuestionSet, judged: Mapping[Item, Judgement]) -> dict[Item, Judgement]:
    """Return judgements with a mark on those that contradict each other."""
    result = dict(judged)
    for pair in contradictions(asked, judged):
        for item, other in (pair, reversed(pair)):
            detail = {**result[item].detail, INCONSISTENT: other.question}
            result[item] = result[item].model_copy(update={"detail": detail})
    return result


def as_json(value: JudgedValue) -> str:
    """Return an answer as it stands in a form."""
    return orjson.dumps(value).decode()
