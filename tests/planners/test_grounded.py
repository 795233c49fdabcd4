"""`grounded`: a worked example after its source, calls counted; what claims are checked against."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import RunConfig, UserError, generate, resume
from negosim.models import ChatRequest, ScriptedModel
from negosim.planners.facts import FactBase, fact_base
from negosim.scenarios import Role, load_scenario
from negosim.seeding import Seed
from negosim.taxonomies import load_taxonomy
from negosim.views import Side, side_of

Filling = Callable[..., ScriptedModel]

TRUE = "Nine tenths of the charity's money goes to programmes for children."
DOCUMENTS = f"""{TRUE}

The charity works in 118 countries. It was founded in 1919.
"""
PARTS = [
    {"text": "I am glad you ask.", "strategy": "to acknowledge", "claim": None},
    {"text": "Ninety per cent reaches children.", "strategy": "to show it can be trusted", "claim": TRUE},
    {
        "text": "It has won every prize there is.",
        "strategy": "to show it can be trusted",
        "claim": "The charity has won every prize.",
    },
    {"text": "Zebras like it.", "strategy": "to amuse", "claim": "Zebras graze quietly."},
]


def worked(filling: Filling) -> ScriptedModel:
    """Play the worked example: of three claims one is borne out, one is not, and on one nothing is found."""

    def check(request: ChatRequest) -> dict[str, object]:
        return {
            "reason": "As it says.",
            "supported": TRUE in request.messages[1].content.split("All that")[0],
        }

    def rewrite(request: ChatRequest) -> dict[str, str]:
        task = request.messages[1].content.rpartition("# Task")[2]
        prize = "won every prize" in task
        return {"text": "It has worked since 1919." if prize else ""}

    return filling(
        Sections={"sections": PARTS},
        SupportAnswer=check,
        RewrittenAnswer=rewrite,
        QueryAnswer={"query": "share of money for programmes"},
    )


def config(planner: str, turns: int = 2) -> RunConfig:
    return RunConfig(scenarios="donation", models="m", planner=planner, max_turns=turns)


def asked(model: ScriptedModel, form: str) -> list[str]:
    return [request.messages[1].content for request in model.requests if request.schema_name == form]


def test_what_is_not_borne_out_is_rewritten_for_the_same_purpose(filling: Filling, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "charity.md").write_text(DOCUMENTS)
    model = worked(filling)
    planner = f"grounded:documents={documents}"
    (dialogue,) = generate(config(planner), out=tmp_path / "run", chat_models={"m": model})
    assert dialogue.status == "complete", dialogue.failure
    calls = [Counter(call.stage for call in dialogue.calls if call.turn == turn) for turn in (0, 1)]
    # Nobody has asked anything yet; zebras are nowhere, so nobody is asked about them.
    assert calls[0] == {
        "grounded-draft": 1, "grounded-split": 1, "grounded-check": 2, "grounded-rewrite": 2,
        "grounded-merge": 1,
    }  # fmt: skip
    assert calls[1] - calls[0] == {"grounded-question": 1, "measure": 1}
    assert f'"{TRUE}" is borne out.' in (dialogue.turns[0].reflection or "")
    assert '"Zebras graze quietly." is not borne out by what I know.' in (dialogue.turns[0].reflection or "")
    rewritten = [text for text in asked(model, "RewrittenAnswer") if "won every prize there" in text]
    assert "It is there to: to show it can be trusted." in rewritten[0]
    merged = next(text for text in asked(model, "Speak") if "say your checked words" in text)
    parts = [line for line in merged.splitlines() if line.startswith("- ")]
    assert parts == [
        "- I am glad you ask.", "- Ninety per cent reaches children.", "- It has worked since 1919.",
    ]  # fmt: skip
    # What the other asked for is looked up for the draft that answers it.
    drafts = [text for text in asked(model, "Speak") if "draft your next words" in text]
    assert [TRUE in text for text in drafts] == [False, True]
    (documents / "charity.md").write_text(DOCUMENTS + "It has moved.\n")
    with pytest.raises(UserError, match="planner's documents"):
        resume(tmp_path / "run", chat_models={"m": model})


def test_a_draft_that_is_borne_out_is_said_as_it_is(filling: Filling, tmp_path: Path) -> None:
    model = filling(Sections={"sections": PARTS[:1]})
    (dialogue,) = generate(config("grounded", turns=1), out=tmp_path / "run", chat_models={"m": model})
    stages = Counter(call.stage for call in dialogue.calls if call.stage != "measure")
    assert stages == {"grounded-draft": 1, "grounded-split": 1}


def sides(scenario: str) -> list[Side]:
    loaded = load_scenario(scenario)
    rules = {"deceptive": False, "opener": 0, "max_turns": 0, "seed": Seed(1, scenario, 0)}
    taxonomies = {"tactics": load_taxonomy("persuasion"), "techniques": load_taxonomy("deception")}
    return [
        side_of(loaded, role, **rules, **taxonomies)  # type: ignore[arg-type]
        for role in range(len(loaded.roles))
    ]


def own(role: Role) -> set[str]:
    return {fact.text for fact in role.facts} | set(role.disclosures.fact)


def test_a_scenario_s_facts_are_the_speaker_s_alone() -> None:
    for side in sides("heron-mill"):
        base = fact_base(side, "bm25")
        for fact in side.role.facts:
            (best,) = base.find(fact.text, 1)
            assert best.startswith("It is not true that: ") != fact.true
        others = [one.role for one in sides("heron-mill") if one.index != side.index]
        known = set(base.find(" ".join(text for role in others for text in own(role)), 999))
        assert not known & {text for role in others for text in own(role)} - own(side.role)


def test_passages_are_ranked_by_the_words_that_tell() -> None:
    base = FactBase(["The mill runs.", "The mill was built in 1919.", "Wool is sold in June.", "The mill."])
    assert base.find("Was the mill built in 1919?", 1) == ("The mill was built in 1919.",)
    assert base.find("zebras", 3) == ()
    assert FactBase([]).find("anything", 3) == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("documents=/nowhere", "no folder '/nowhere'"),
        ("documents={empty}", "has no documents"),
        ("index=google", "index"),
        ("passages=0", "passages"),
    ],
)
def test_what_cannot_be_used_is_said_when_planned(settings: str, said: str, tmp_path: Path) -> None:
    planner = f"grounded:{settings.format(empty=tmp_path)}"
    with pytest.raises(UserError, match=said):
        generate(config(planner), chat_models={"m": ScriptedModel([])})
