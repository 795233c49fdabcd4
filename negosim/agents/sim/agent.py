"""The embedded simulated negotiator: the agent that answers the engine's questions."""

from collections.abc import Sequence
from dataclasses import replace

from negosim.agents._protocol import Agent, AgentContext, AgentFactory, Planned, Speech, Thinking
from negosim.agents.sim.authored import remarks
from negosim.agents.sim.beliefs import belief
from negosim.agents.sim.compose import compose, full_utterance
from negosim.agents.sim.decision import why_leave
from negosim.agents.sim.judge import prospect
from negosim.agents.sim.moves import aside_of
from negosim.agents.sim.openers import reopened
from negosim.agents.sim.plan import plan_for
from negosim.agents.sim.saying import claims_in
from negosim.agents.sim.search import SimWorld
from negosim.agents.sim.tactics import choose
from negosim.agents.sim.thoughts import expected_reply, thought
from negosim.agents.users import embedded_agent
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.records import SIMULATED, Rollout, Utterance
from negosim.scenarios import Answer, Measure
from negosim.views import Side, View


class SimAgent:
    """Plays a role with real economics and words from frames; no language model.

    It keeps nothing between calls: what it says is a function of the view alone.
    """

    model = SIMULATED

    def __init__(self, context: AgentContext | None = None) -> None:
        """Take nothing of the context: all it needs is in the views it gets."""

    async def reflect(self, view: View) -> str:
        """Think privately in two or three sentences, with the scenario's numbers."""
        return thought(plan_for(view))

    async def choose_tactics(self, view: View, k: int) -> Sequence[str]:
        """Choose `k` different tactics; an honest role leaves the deceptive ones out, if fewer remain too."""
        return choose(plan_for(view), k)

    async def rollout(self, view: View, tactic: str) -> Rollout:
        """Sketch what the tactic would say and the reply to expect."""
        plan = plan_for(view)
        composition = compose(plan, tactic)
        chance = prospect(plan, composition.bid.number).chance if composition.bid is not None else 0.0
        return Rollout(
            tactic=tactic,
            utterance=composition.text,
            expected_reply=expected_reply(plan, composition, chance),
        )

    async def plan(self, view: View, k: int) -> Planned:
        """Reflect and choose tactics."""
        thought = await self.reflect(view)
        return Planned(thought, tuple(await self.choose_tactics(replace(view, reflection=thought), k)))

    async def think(self, view: View, k: int) -> Thinking:
        """Reflect, choose tactics and sketch the rollouts."""
        view = replace(view, reflection=await self.reflect(view))
        tactics = await self.choose_tactics(view, k)
        return Thinking(
            view.reflection or "", tuple([await self.rollout(view, tactic) for tactic in tactics])
        )

    async def speak(self, view: View) -> Speech:
        """Say the chosen candidate in full; without candidates, choose a tactic first."""
        plan = plan_for(view)
        chosen = view.rollouts[view.chosen].tactic if view.chosen is not None else choose(plan, 1)[0]
        said = full_utterance(plan, chosen)
        made = said.composition
        leaves = plan.move in ("leave", "part")
        return Speech(
            utterance=Utterance(text=said.text, action=made.action, offer=made.offer),
            claims=claims_in(plan, made.limit, said.parts, said.reaction),
            tactic=chosen,
            realised=said.realised,
            leaves_for=why_leave(plan) if leaves else None,
            asides=tuple(filter(None, [aside_of(plan, made.bid)])) if made.bid and made.offer else (),
            floor=_floor(view),
        )

    async def consolidate(self, view: View) -> Utterance:
        """Vary how the draft opens; words recorded as claims stay as they are."""
        assert view.draft is not None, "consolidate is asked after speak"
        plan = plan_for(view)
        chosen = view.rollouts[view.chosen].tactic if view.chosen is not None else choose(plan, 1)[0]
        return reopened(plan, view.draft, chosen)

    async def world(self, view: View) -> SimWorld:
        """Return the world as the negotiator imagines it."""
        return SimWorld(self, view)

    async def concluded(self, view: View) -> bool:
        """Return whether somebody has left, or there is a deal and every role has spoken since."""
        table = view.table
        if table.left_by is not None or view.side.index in table.gone:
            return True
        if table.deal is None:
            return False
        since = next(
            (turn.index for turn in reversed(view.transcript) if turn.action == "accept"), view.turn_index
        )
        heard, roles = view.transcript[since:], len(view.side.roles)
        return len({turn.role for turn in heard} | table.gone) == roles or len(heard) >= 2 * roles

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
        """Say what it believes about another role; the same from the same view. It answers nothing else."""
        return None if measure.answer != "belief" or about is None else belief(view, about)


def _floor(view: View) -> int | None:
    """Give the floor, as the chair, to who has not agreed to what is on the table, else to anybody."""
    side, table = view.side, view.table
    if not side.order.names_next(side.index):
        return None
    agreed = table.accepted_by if table.standing is not None else frozenset[int]()
    undecided = set(side.others) - agreed - table.gone
    speakers = [*(turn.role for turn in view.transcript), side.index]
    kept_out = table.gone if not undecided else table.gone | agreed
    return side.order.next_speaker(speakers, gone=kept_out)


def _complete(spec: ModelSpec) -> ModelSpec:
    if spec != ModelSpec(kind=SIMULATED):
        raise UserError(f"the simulated negotiator takes no settings; write {SIMULATED!r}")
    return spec


def _make(context: AgentContext) -> Agent:
    """Return the negotiator, or the participant that the scenario says can play a role without deals."""
    return SimAgent(context) if context.side.issues else embedded_agent(context)


def _remarks(side: Side) -> str:
    return remarks(side) if side.issues else ""


SIM = AgentFactory(
    _make,
    usage=SIMULATED,
    about="the embedded simulated negotiator; no language model",
    complete=_complete,
    remarks=_remarks,
)
