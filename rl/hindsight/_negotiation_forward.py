"""The embedded forward model of negotiations: the simulated negotiator goes on, through the engine.

It plays both roles from the public record alone. What it is like (how it concedes, how it talks) is drawn
anew from the regeneration's own seed: the original's hidden persona is not looked up, and cannot be
inferred well from a few turns. Roles keep their briefs and payoffs, which belong to the scenario. Lies told
before the replacement are in the record as words; that they were lies is not.
"""

from functools import cached_property

from negosim.agents.sim import SimAgent, SimJudge
from negosim.engine import Participant, continue_dialogue
from negosim.rl.hindsight._negotiation import Negotiation, negotiation_of
from negosim.rl.hindsight._protocol import Completion, Prefix, Step
from negosim.rl.policy_text import policy_turn
from negosim.seeding import Seed
from negosim.taxonomies import Taxonomy, load_taxonomy
from negosim.views import side_of


class NegotiationForward:
    """Plays a negotiation to its end; it has no hard form."""

    name = "embedded"

    async def complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        """Go on from the public record.

        Raises:
            DiscardedError: a move of the prefix is against the rules.

        """
        begun = negotiation_of(prefix.meta, prefix.system, prefix.turns)
        most = len(prefix.turns) + prefix.room
        seed = Seed(step.number("negotiators"), begun.scenario.id, 0)
        participants = [self._participant(begun, role, most, seed) for role in range(2)]
        done = await continue_dialogue(begun.scenario, begun.records, participants)
        names = [role.name for role in begun.scenario.roles]
        return Completion(
            turns=tuple(
                policy_turn(turn.utterance, turn.role, begun.learner, names, tactic=turn.tactic)
                for turn in done.turns[len(prefix.turns) :]
            ),
            ended=done.end not in ("max_turns", "safety_stop"),
        )

    def _participant(self, begun: Negotiation, role: int, most: int, seed: Seed) -> Participant:
        tactics, techniques = self._taxonomies
        side = side_of(
            begun.scenario,
            role,
            deceptive=role in begun.condition.deceptive,
            opener=begun.opener,
            max_turns=most,
            tactics=tactics,
            techniques=techniques,
            seed=seed,
        )
        return Participant(SimAgent(), SimJudge(), side)

    @cached_property
    def _taxonomies(self) -> tuple[Taxonomy, Taxonomy]:
        return load_taxonomy("persuasion"), load_taxonomy("deception")
