"""A view that goes on from an earlier one is the view that is built anew; a branch takes nothing over."""

from negosim import RunConfig, generate, load_scenario
from negosim.engine._state import DialogueContext, History, Participant
from negosim.models import Ledger
from negosim.seeding import Seed
from negosim.table import table_after
from negosim.taxonomies import load_taxonomy
from negosim.views import side_of, view_of


def test_views_go_on_and_branch(tmp_path) -> None:
    run = generate(RunConfig(scenarios="heron-mill", dialogues=2, max_turns=8), out=tmp_path / "run")
    scenario = load_scenario("heron-mill")
    rules = {"deceptive": False, "opener": 0, "max_turns": 8, "seed": Seed(0, "heron-mill", 0)}
    taxonomies = {"tactics": load_taxonomy("persuasion"), "techniques": load_taxonomy("deception")}
    sides = [side_of(scenario, role, **rules, **taxonomies) for role in range(3)]
    participants = tuple(Participant(None, None, side) for side in sides)
    rest = {"calls": "separate", "k": 1, "objective": "own", "oracle": False, "max_turns": 8}
    context = DialogueContext(scenario=scenario, participants=participants, ledger=Ledger(), **rest)
    first, second = (list(dialogue.turns) for dialogue in run)
    for turns in (first[:2], first[:5], first[:5], second[:4], second, first[:1], []):
        table = table_after(scenario, ((turn.role, turn.utterance) for turn in turns))
        history = History(turns=turns, votes=[], calls=[], table=table)
        for role in range(3):
            assert context.view(history, role) == view_of(sides[role], turns, table)
