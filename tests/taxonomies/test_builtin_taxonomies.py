"""The built-in taxonomies: complete, told apart, with natural examples and sources that are listed."""

import re

import pytest

from negosim.taxonomies import Taxonomy, load_taxonomy

# In the order of the report's appendix B.1.
PERSUASION = """
Non-expert Testimonial, Social Proof, Injunctive Norm, Foot-in-the-door, Door-in-the-face, Alliance
Building, Complimenting, Shared Values, Relationship Leverage, Loyalty Appeals, Favor,
Encouragement, Affirmation, Positive Emotion Appeal, Negative Emotion Appeal, Storytelling,
Anchoring, Priming, Framing, Confirmation Bias, Reciprocity, Compensation, Supply Scarcity, Time
Pressure, Reflective Thinking, Threats, False Promises, Misrepresentation, False Information,
Rumors, Social Punishment, Creating Dependency, Exploiting Weakness, Discouragement
"""

UNETHICAL = {
    "threats",
    "false-promises",
    "misrepresentation",
    "false-information",
    "rumors",
    "social-punishment",
    "creating-dependency",
    "exploiting-weakness",
    "discouragement",
}


@pytest.fixture(scope="module", params=["persuasion", "deception"])
def taxonomy(request: pytest.FixtureRequest) -> Taxonomy:
    return load_taxonomy(request.param)


def test_persuasion_has_the_34_tactics_of_the_report() -> None:
    names = [tactic.name for tactic in load_taxonomy("persuasion").tactics]
    assert names == " ".join(PERSUASION.split()).split(", ")


def test_ids_of_persuasion_are_the_names_in_lower_case() -> None:
    for tactic in load_taxonomy("persuasion").tactics:
        assert tactic.id == re.sub(r"[^a-z]+", "-", tactic.name.lower())


def test_what_misleads_or_coerces_is_marked() -> None:
    assert {tactic.id for tactic in load_taxonomy("persuasion").tactics if tactic.deceptive} == UNETHICAL
    assert all(tactic.deceptive for tactic in load_taxonomy("deception").tactics)


def test_families_group_the_tactics(taxonomy: Taxonomy) -> None:
    families = [tactic.family for tactic in taxonomy.tactics]
    assert 5 <= len(set(families)) <= 9
    assert all(families.count(family) >= 2 for family in families)


def test_examples_are_utterances_of_12_to_35_words(taxonomy: Taxonomy) -> None:
    for tactic in taxonomy.tactics:
        assert 12 <= len(tactic.example.split()) <= 35, tactic.id
        assert tactic.example[-1] in ".?!", tactic.id


def test_no_text_occurs_twice(taxonomy: Taxonomy) -> None:
    for field in ("definition", "example"):
        texts = [getattr(tactic, field) for tactic in taxonomy.tactics]
        assert len(set(texts)) == len(texts)


def test_techniques_the_simulated_negotiator_and_the_report_name_are_there() -> None:
    ids = set(load_taxonomy("deception").by_id)
    assert len(ids) >= 14
    assert ids >= {
        "falsification",
        "omission",
        "paltering",
        "equivocation",
        "bluff-reservation-value",
        "false-alternative",
        "false-deadline",
        "feigned-priority",
        "false-promise",
    }


def test_each_technique_names_sources_that_are_listed() -> None:
    taxonomy = load_taxonomy("deception")
    cited: set[str] = set()
    for tactic in taxonomy.tactics:
        assert tactic.source, tactic.id
        for reference in tactic.source.split("; "):
            author, year = re.split(r"[ ,]", reference)[0], reference[-5:-1]
            matching = [
                full for full in taxonomy.sources if full.startswith(f"{author},") and f"({year})" in full
            ]
            assert len(matching) == 1, reference
            cited.update(matching)
    assert cited == set(taxonomy.sources)
