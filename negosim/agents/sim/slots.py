"""Slots: what any sentence of a turn can name."""

from typing import TYPE_CHECKING

from negosim.agents.sim.words import first_name

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

_CAUGHT = {"limit": "line_moved", "alternative": "undercut", "proof": "unproved"}
"""Condition under which words about an untruth fit, by what showed it."""


def slots_of(plan: "TurnPlan") -> dict[str, str]:
    """What any sentence of this turn can name; empty ones are conditions that hold.

    Where there is one issue only, nothing can be set against it: `other` and `room` are not there.
    """
    phrase, ranking, reading = plan.words.phrase, plan.opponent.ranking, plan.reading
    theirs = [issue for issue in ranking if issue != plan.declared] or list(ranking)
    slots = {
        "you": first_name(plan.side.roles[plan.you].name),
        "stated": phrase[plan.declared],
    }
    if not plan.words.single:
        slots |= {"other": phrase[theirs[0]], "room": phrase[plan.room]}
    if len(theirs) > 1:
        slots["other2"] = phrase[theirs[1]]
    if reading.heard is not None:
        slots["heard"] = ""
        if reading.heard.quotable is not None:
            slots["quote"] = reading.heard.quotable
        if reading.heard.mentions:
            slots["theirs"] = phrase[reading.heard.mentions[0]]
    if reading.own_count > 1:
        slots["later"] = ""
    if plan.time < 0.4:
        slots["early"] = ""
    stressed = reading.stressed.get(plan.you)
    if stressed:
        slots["stressed"] = phrase[max(stressed, key=lambda issue: stressed[issue])]
    if len(reading.positions.get(plan.you, ())) > 1 and len(reading.positions.get(plan.me, ())) > 1:
        slots["both_offered"] = ""
    caught = plan.faith[plan.you].caught
    if caught is not None:
        slots[_CAUGHT.get(caught, "said_otherwise")] = ""
        if caught == "limit":
            slots["said_otherwise"] = ""
    return slots


def slots_on(plan: "TurnPlan", focus: str) -> dict[str, str]:
    """What a sentence about an issue can name; what is set against it is another one, where there is one."""
    slots = plan.slots | {"focus": plan.words.phrase[focus]}
    if "other2" in slots and slots["other"] == slots["focus"]:
        slots["other"] = slots["other2"]
    return slots


def room_of(plan: "TurnPlan") -> str:
    """The issue this role says it can give on: what matters least to it, by what it has said."""
    lightest_first = reversed(plan.deals.by_weight)
    return next((issue for issue in lightest_first if issue != plan.declared), plan.declared)
