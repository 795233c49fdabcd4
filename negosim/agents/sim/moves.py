"""Putting a move into words: an offer told by what it changes, a question, an acceptance."""

from dataclasses import dataclass
from random import Random

from negosim.agents.sim.bidding import Bid
from negosim.agents.sim.decision import why_leave
from negosim.agents.sim.grammar import Filled
from negosim.agents.sim.plan import TurnPlan
from negosim.agents.sim.slots import slots_on
from negosim.agents.sim.words import first_name
from negosim.records import Action, Aside
from negosim.scenarios import Value

_BUDGETS = {"short": 6, "middle": 14, "long": 40}
"""By the length of a turn: words a move should have at most."""
_ASKS_ALTERNATIVE = 0.12
"""Share of the later turns without an offer that ask what the other would do without a deal."""
_TELLS_ALLIES = 0.5
"""How often an offer comes with a word aside to those whose yes it takes."""
_MANY = 3
"""Changes beyond this number are told as a whole package."""


@dataclass(frozen=True)
class SpokenMove:
    """A move with its words."""

    action: Action
    filled: Filled
    offer: dict[str, Value] | None = None
    bid: Bid | None = None
    """The complete deal behind the offer."""
    focus: str | None = None
    """The issue on which the move asks for something."""
    whole: bool = False
    """Whether nothing more needs to be said with it."""


def speak_move(plan: TurnPlan, stance: str, rng: Random) -> SpokenMove:
    """Choose how to say the plan's move with a stance."""
    steps = stance == "step" and may_step(plan)
    match plan.move:
        case "accept":
            return _accept(plan, rng)
        case "leave":
            return SpokenMove("walk_away", _say(plan, "leave", _reason(plan, rng), rng))
        case "part":
            return SpokenMove("talk", _say(plan, "part", _reason(plan, rng), rng))
        case "close" if plan.left_out:
            return SpokenMove("talk", _say(plan, "outside", {}, rng))
        case "close" | "wait":
            return SpokenMove("talk", _say(plan, plan.move, _deal_slots(plan), rng))
        case "talk":
            return _step(plan, plan.bid("fair"), rng) if steps else _talk(plan, rng)
        case _:
            bid = plan.yields or plan.bid(stance)
            return _step(plan, bid, rng) if steps and plan.yields is None else _offer(plan, bid, rng)


def _say(plan: TurnPlan, pool: str, slots: dict[str, str], rng: Random) -> Filled:
    """Word a template of a pool; how often it names the other is the persona's way."""
    slots = {**plan.slots, **slots}
    if plan.reading.last is None or rng.random() > plan.persona.voice.uses_name:
        slots.pop("you", None)
    budget = _BUDGETS[plan.length] + sum(slots[key].count(" ") for key in ("package", "why") if key in slots)
    said = plan.say(f"moves.{pool}", slots, rng, budget)
    assert said is not None, f"pool moves.{pool} has no template without special slots"
    return said


def _reason(plan: TurnPlan, rng: Random) -> dict[str, str]:
    said = plan.say(f"moves.reasons.{why_leave(plan)}", plan.slots, rng)
    return {"why": said.text if said is not None else ""}


def _deal_slots(plan: TurnPlan) -> dict[str, str]:
    deal = plan.view.table.deal
    return {"package": plan.words.package(deal)} if deal is not None else {}


def _accept(plan: TurnPlan, rng: Random) -> SpokenMove:
    standing, table = plan.standing or {}, plan.view.table
    offered = dict(table.standing or {})
    if plan.accepts_part:
        left = [issue for issue in plan.deals.ids if issue not in standing]
        slots = {"package": plan.words.package(offered), "left": plan.words.phrases(left[:3])}
        return SpokenMove("accept", _say(plan, "accept_part", slots, rng))
    slots = {"package": plan.words.package(standing, known=True)}
    key = _best_for_me(plan, standing)
    slots["key"] = plan.words.full[key][standing[key]]
    if table.deal is not None and table.settles(plan.me):
        pool = "join" if table.deal == standing else "sway"
        return SpokenMove("accept", _say(plan, pool, slots, rng))
    if not table.settles(plan.me):
        return SpokenMove("accept", _say(plan, "accept_among", slots, rng))
    return SpokenMove("accept", _say(plan, "accept", slots, rng))


def aside_of(plan: TurnPlan, bid: Bid) -> Aside | None:
    """Tell those with whom an offer would be a deal, and nobody else, that it needs only them; or do not."""
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "aside")
    table, allies = plan.view.table, plan.allies_in(bid.number)
    left_out = [role for role in plan.side.others if role not in allies and role not in table.gone]
    if not (plan.side.side_messages and table.by_coalition and left_out) or rng.random() > _TELLS_ALLIES:
        return None
    names = [first_name(role.name) for role in plan.side.roles]
    slots = {
        "you": " and ".join(names[role] for role in allies),
        "out": " and ".join(names[role] for role in left_out),
    }
    said = plan.say("moves.aside", slots, rng)
    return Aside(to=allies, text=said.text) if said is not None else None


def _best_for_me(plan: TurnPlan, deal: object) -> str:
    gain = {
        issue: plan.deals.own_points(issue, deal[issue]) - float(points.min())  # type: ignore[index]
        for issue, points in zip(plan.deals.ids, plan.deals.points, strict=True)
    }
    return max(gain, key=lambda issue: gain[issue])


# Talking


def _talk(plan: TurnPlan, rng: Random) -> SpokenMove:
    """Ask or hold: a question while exploring, a request for movement once offers are out."""
    reading = plan.reading
    focus = talk_focus(plan, rng)
    slots = slots_on(plan, focus)
    if reading.own_count and plan.draws[7] < _ASKS_ALTERNATIVE:
        return SpokenMove("talk", _say(plan, "ask_alternative", slots, rng), focus=focus)
    first_mention = reading.heard.mentions[0] if reading.heard and reading.heard.mentions else None
    about = first_mention or plan.opponent.ranking[0]
    slots["about"] = plan.words.phrase[about]
    if reading.positions.get(plan.you):
        pool = "ask_move" if reading.positions.get(plan.me) else "ask_offer"
        if pool == "ask_move" and rng.random() < 0.4:
            pool = "ask_room"
    elif reading.own_count == 0 and plan.words.single:
        pool = "ask_about"
    elif reading.own_count == 0:
        pool = "ask_first" if reading.last is None else "ask_back"
    else:
        asked = reading.heard is not None and reading.heard.question == "offer"
        pool = rng.choice(
            ("ask_reason", "ask_room") if asked else ("ask_reason", "ask_room", "ask_first_offer")
        )
    return SpokenMove("talk", _say(plan, pool, slots, rng), focus=focus)


def bare(plan: TurnPlan, rng: Random) -> Filled | None:
    """Say next to nothing: a question or a no by itself, where the turn is short and only talk."""
    if plan.length != "short" or plan.move != "talk" or plan.reading.own_count == 0 or rng.random() < 0.4:
        return None
    refuses = plan.theirs is not None and plan.reading.last is not None
    refuses = refuses and plan.reading.last is not None and plan.reading.last.action == "offer"
    slots = {**plan.slots, "focus": plan.words.phrase[talk_focus(plan, rng)]}
    if rng.random() > plan.persona.voice.uses_name:
        slots.pop("you", None)
    return plan.say("moves.bare_no" if refuses else "moves.bare_ask", slots, rng, 8)


def talk_focus(plan: TurnPlan, rng: Random) -> str:
    """Choose what to argue for: what matters to this role, or seems to, is in dispute, has arguments left."""
    deals = plan.deals
    wanted = plan.bid("fair").deal if plan.theirs is not None else {}
    weights = []
    for position, issue in enumerate(deals.ids):
        weight = 0.05 + deals.weights[position] + (0.35 if issue == plan.declared else 0.0)
        if plan.theirs is not None:
            gap = deals.own_points(issue, wanted[issue]) - deals.own_points(issue, plan.theirs[issue])
            weight *= 1.0 if gap > 0 else 0.02
        if issue in plan.view.table.settled:
            weight *= 0.02
        weights.append(weight * (1.0 if plan.argument(issue) else 0.2))
    return rng.choices(deals.ids, weights)[0]


# Offering


def may_step(plan: TurnPlan) -> bool:
    """Return whether to settle a single issue first: only early, and while others stay open."""
    if plan.view.table.by_coalition:
        return False
    open_issues = [issue for issue in plan.deals.ids if issue not in plan.view.table.settled]
    offered = [p for p in plan.reading.positions.get(plan.me, ()) if not plan.complete(p)]
    return len(open_issues) > 2 and plan.time < 0.5 and len(offered) < 2 and plan.standing is None


def _step(plan: TurnPlan, bid: Bid, rng: Random) -> SpokenMove:
    """Offer to settle one issue first: the one where the bid seems good for both."""
    deals, opponent = plan.deals, plan.opponent
    said = plan.reading.latest(plan.me) or {}

    def common(issue: str) -> float:
        position = deals.index[issue]
        code = deals.positions[position][bid.deal[issue]]
        return min(float(deals.scores[position][code]), float(opponent.scores[position][code])) - (
            0.5 if issue in said else 0
        )

    open_issues = [issue for issue in deals.ids if issue not in plan.view.table.settled]
    issue = max(open_issues, key=common)
    slots = {"part": plan.words.full[issue][bid.deal[issue]], "part_issue": plan.words.phrase[issue]}
    return SpokenMove("offer", _say(plan, "step", slots, rng), {issue: bid.deal[issue]}, bid, issue)


def _offer(plan: TurnPlan, bid: Bid, rng: Random) -> SpokenMove:
    """Tell a complete offer by its difference to the last ones, or as a package."""
    words, deals = plan.words, plan.deals
    slots = {"package": words.package(bid.deal, known=plan.known)}
    if plan.yields is not None:
        return SpokenMove("offer", _say(plan, "give_in", slots, rng), dict(bid.deal), bid, None)
    pools: list[str] = []
    focus = None
    if plan.theirs is not None:
        differing = _ranked(plan, [i for i in deals.ids if bid.deal[i] != plan.theirs[i]], plan.theirs, bid)
        asks = [
            i for i in differing if deals.own_points(i, bid.deal[i]) >= deals.own_points(i, plan.theirs[i])
        ]
        extra = [i for i in differing if i not in asks]
        focus = asks[0] if asks else None
        if 0 < len(asks) <= 2 and len(differing) <= 2 and len(differing) < len(deals.ids):
            slots["ask"], slots["ask_issue"] = (
                words.package(bid.deal, asks, known=plan.known),
                words.phrases(asks),
            )
            if len(asks) == 1 and not extra:
                slots["one"] = ""
            if extra:
                slots["give"], slots["give_issue"] = (
                    words.package(bid.deal, extra, known=plan.known),
                    words.phrases(extra),
                )
            pools.append("toward_swap" if extra else "toward")
    if plan.mine is not None and not pools:
        changed = [i for i in deals.ids if bid.deal[i] != plan.mine[i]]
        gives = [i for i in changed if deals.own_points(i, bid.deal[i]) <= deals.own_points(i, plan.mine[i])]
        takes = [i for i in changed if i not in gives]
        if gives and len(gives) <= _MANY - 1 and len(takes) <= _MANY - 1:
            slots["give"], slots["give_issue"] = (
                words.package(bid.deal, gives, known=plan.known),
                words.phrases(gives),
            )
            _name_direction(slots, plan, gives, bid)
            slots["same"] = "the rest" if len(changed) < len(deals.ids) - 1 else "the other point"
            if takes:
                slots["ask"], slots["ask_issue"] = (
                    words.package(bid.deal, takes, known=plan.known),
                    words.phrases(takes),
                )
            pool = "trade" if takes else "concede"
            pools.append(pool if len(changed) < len(deals.ids) else "package")
    if not pools:
        pools.append(
            "package" if plan.mine is not None else "counter" if plan.theirs is not None else "first"
        )
    if plan.turns_left <= 1 and plan.side.max_turns and plan.yields is None:
        pools = ["final_toward" if pools[0] == "toward" else "final"]
    if plan.words.single:
        pools = [f"single.{pools[0]}"]
        if plan.mine is not None:
            moves = bid.utility - plan.utility_of(plan.mine)
            slots["gives" if moves < 0 else "takes" if moves > 0 else "stays"] = ""
    return SpokenMove("offer", _say(plan, pools[0], slots, rng), dict(bid.deal), bid, focus)


def _name_direction(slots: dict[str, str], plan: TurnPlan, gives: list[str], bid: Bid) -> None:
    """Say whether what is given goes down or up in numbers, where it is a single value."""
    before, after = (plan.mine or {}).get(gives[0]), bid.deal[gives[0]]
    if len(gives) == 1 and isinstance(before, float) and isinstance(after, float) and before != after:
        slots["down" if after < before else "up"] = ""


def _ranked(plan: TurnPlan, issues: list[str], theirs: object, bid: Bid) -> list[str]:
    """Order issues by what the bid gains on them over the other side's position."""
    return sorted(
        issues,
        key=lambda i: plan.deals.own_points(i, theirs[i]) - plan.deals.own_points(i, bid.deal[i]),  # type: ignore[index]
    )
