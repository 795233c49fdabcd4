"""Dialogues as an evaluation measures them: of a run, or of a set of trajectories."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from negosim.agents.users import kind_of, persona_names, strategies_in, user_named
from negosim.errors import UserError
from negosim.records import Dialogue
from negosim.rl._io import read_trajectories
from negosim.rl.evaluation._contenders import Contender
from negosim.scenarios import Scenario
from negosim.store import Run

CUT = "cut off: what was still to come is unknown"


@dataclass(frozen=True)
class Met:
    """What came of one dialogue of an agent."""

    cluster: str
    """What it shares its randomness with: its user, or the dialogue it was made from; such are paired."""
    partner: str | None
    """Kind of user; None where it is not known."""
    reward: float | None
    """None: it failed, and has no reward."""
    failure: str | None
    said: tuple[str, ...]
    """The agent's turns."""
    tactics: tuple[str | None, ...]
    """Of its turns; one with several counts for each."""
    agreed: bool | None = None


def met_in(run: Run, scenario: Scenario, learner: int, partner: str) -> Iterator[Met]:
    """Yield the dialogues of a run, in the order of its plan.

    Args:
        run: of one scenario.
        scenario: what they are about.
        learner: position of the agent that is measured.
        partner: how who is not simulated is called.

    """
    kind = kind_of(scenario)
    for one in sorted(run, key=lambda dialogue: dialogue.index):
        user = user_named(scenario, one, run.traits_of(one))
        reward, failure = _worth(one, learner)
        said = [turn for turn in one.turns if turn.role == learner]
        found = [
            strategies_in(kind, turn.utterance.text) if kind else filter(None, [turn.tactic]) for turn in said
        ]
        yield Met(
            cluster=user.id if user else f"{one.scenario}-{one.seed}-{one.index}",
            partner=user.persona if user else partner,
            reward=reward,
            failure=failure,
            said=tuple(turn.utterance.text for turn in said) if failure is None else (),
            tactics=tuple(each for some in found for each in (tuple(some) or (None,))) if not failure else (),
            agreed=one.outcome.status == "agreement" if scenario.has_deals and not failure else None,
        )


def _worth(dialogue: Dialogue, learner: int) -> tuple[float | None, str | None]:
    """Return the learner's reward, or why there is none."""
    if (failed := dialogue.failure) is not None:
        who = "agent" if failed.role == learner else "user"
        return None, f"the {who}'s model failed ({failed.error})"
    outcome = dialogue.outcome
    given = outcome.rewards if outcome.rewards is not None else outcome.values
    if given is not None and (reward := given[learner]) is not None:
        return reward, None
    missing = next((one for one in dialogue.measurements if one.value is None), None)
    if missing is not None:
        return None, f"no reward: {missing.measure!r} has no answer ({missing.status})"
    return None, "no reward: what was said comes to no outcome that can be computed"


def behaviour_of(contender: Contender, scenario: Scenario, kinds: Sequence[str]) -> list[Met]:
    """Return the dialogues of a set with the rewards they have there.

    With `kinds`, only those whose user is one of them. A dialogue that was cut off has no reward that is
    known. What hindsight made of a dialogue counts as its parent's cluster.

    Raises:
        UserError: the set cannot be read, or nothing of it is left.

    """
    assert contender.data is not None
    kind, found = kind_of(scenario), list[Met]()
    known = persona_names(kind) if kind else ()
    for made in read_trajectories(contender.data):
        persona = made.meta.get("persona") or made.meta.get("problem_type")
        if kinds and persona not in kinds:
            continue
        parent = str((made.ancestry or {}).get("parent", made.id))
        said = [turn.text for turn in made.agent_turns]
        tactics = [
            strategies_in(kind, turn.text) if kind else turn.tactic.split("+") if turn.tactic else ()
            for turn in made.agent_turns
        ]
        cut = None if made.terminal else CUT
        found.append(
            Met(
                cluster=f"{contender.name}/{parent}",
                partner=str(persona) if persona in known else None,
                reward=None if cut else made.total_reward,
                failure=cut,
                said=() if cut else tuple(said),
                tactics=() if cut else tuple(each for some in tactics for each in (tuple(some) or (None,))),
            )
        )
    if not found:
        with_users = f" with {' or '.join(kinds)}" if kinds else ""
        raise UserError(f"{contender.name}: no dialogue{with_users} is there; see its card.json")
    return found
