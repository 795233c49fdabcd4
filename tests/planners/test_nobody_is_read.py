"""Whatever planner there is, in every kind of scenario: nobody is asked with anything of another side."""

from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.engine import settings_of
from negosim.models import ScriptedModel
from negosim.registry import plugins
from negosim.scenarios import Role, load_scenario
from negosim.traits import load_trait_list

SMALL = {"n": 2, "sections": 2, "samples": 1, "probes": 1, "claims": 1, "advice": 1, "audiences": 1}
KINDS = ["viatex", "camp-lemonnier", "donation", "support", "west-wind"]
DISPOSITIONS = {trait.id: trait.disposition for trait in load_trait_list("courtroom").traits}


def small(planner: str) -> str:
    """Return a planner with as few calls as it can make."""
    settings = [name for name in type(settings_of(planner)).model_fields if name in SMALL]
    return planner + (":" if settings else "") + ",".join(f"{name}={SMALL[name]}" for name in settings)


def private(role: Role) -> set[str]:
    """Return all texts that nobody but a role itself may read, and words that only they have."""
    said = {role.brief.strip(), *role.interests, *role.secrets, role.alternative.strip()}
    said |= {text for texts in role.arguments.values() for text in texts}
    said |= {fact.text for fact in role.facts}
    said |= set(role.disclosures.alternative + role.disclosures.deadline + role.disclosures.fact)
    return {text for text in said if text}


@pytest.mark.parametrize("planner", sorted(plugins("planners")))
@pytest.mark.parametrize("scenario", KINDS)
def test_no_prompt_has_anything_of_another_role(
    planner: str, scenario: str, filling: Callable[..., ScriptedModel], tmp_path: Path
) -> None:
    model = filling()
    config = RunConfig(
        scenarios=scenario,
        models="m",
        planner=small(planner),
        max_turns=3,
        traits={1: "methodical", 2: "narrative"},
    )
    (dialogue,) = generate(config, out=tmp_path / "run", chat_models={"m": model})
    assert dialogue.status == "complete", dialogue.failure
    assert len(dialogue.turns) == 3
    roles = load_scenario(scenario).roles
    told = [DISPOSITIONS["methodical"], DISPOSITIONS["narrative"]]
    for request in model.requests:
        asked = "".join(message.content for message in request.messages)
        (own,) = [place for place, role in enumerate(roles) if role.brief.strip() in asked]
        for place, role in enumerate(roles):
            assert place == own or not {text for text in private(role) - private(roles[own]) if text in asked}
        assert [text in asked for text in told] == [own == 0, own == 1]
