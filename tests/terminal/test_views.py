import io
import re
from collections.abc import Callable

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from negosim.errors import UserError
from negosim.records import Condition, Dialogue, Failure, Outcome, Utterance
from negosim.scenarios import Scenario
from negosim.taxonomies import Tactic, Taxonomy
from negosim.terminal import lens_of, print_dialogue, print_view, scenario_view, taxonomy_view

Show = Callable[..., str]


def flat(shown: str) -> str:
    """Return what is shown as one line, without the boxes around it."""
    return " ".join(shown.replace("│", " ").split())


@pytest.fixture
def show(orchard: Scenario, dialogue: Dialogue) -> Show:
    """Print the dialogue as a terminal of some width would show it."""

    def shown(
        view: str, *, width: int = 80, terminal: bool = True, record: Dialogue = dialogue, **options: bool
    ) -> str:
        file = io.StringIO()
        console = Console(
            file=file,
            width=width,
            force_terminal=terminal,
            color_system=None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        print_dialogue(console, record, orchard, lens_of(view, orchard, **options))
        text = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
        return "\n".join(line.rstrip() for line in text.splitlines())

    return shown


@pytest.mark.parametrize("view", ["all", "public", "1", "maker"])
def test_a_dialogue_in_80_columns(view: str, show: Show, snapshot: SnapshotAssertion) -> None:
    assert show(view) == snapshot


@pytest.mark.parametrize("width", [120, 44, 24])
def test_a_dialogue_in_other_widths(width: int, show: Show, snapshot: SnapshotAssertion) -> None:
    shown = show("all", width=width, thoughts=width != 24)
    assert max(map(len, shown.splitlines())) <= width
    assert shown == snapshot


@pytest.mark.parametrize("view", ["all", "public", "2"])
def test_a_dialogue_in_plain_lines(view: str, show: Show, snapshot: SnapshotAssertion) -> None:
    assert show(view, terminal=False) == snapshot


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(("view", "own", "other"), [("1", 0, 1), ("2", 1, 0)])
def test_an_agents_view_has_its_own_thoughts_and_not_the_others(
    view: str, own: int, other: int, terminal: bool, show: Show, orchard: Scenario, dialogue: Dialogue
) -> None:
    turns = tuple(
        turn.model_copy(update={"reflection": f"canary-{turn.role}", "tactic": f"tactic-{turn.role}"})
        for turn in dialogue.turns
    )
    shown = show(view, terminal=terminal, record=dialogue.model_copy(update={"turns": turns}))
    assert f"canary-{own}" in shown
    assert f"canary-{other}" not in shown
    assert f"to agent {own + 1}" in shown
    assert f"to agent {other + 1}" not in shown
    assert "FALSE" not in shown
    assert "joint" not in shown
    assert ("DECEPTIVE" in shown) == (own in dialogue.condition.deceptive)
    assert dialogue.id not in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_the_public_view_has_words_and_offers_only(terminal: bool, show: Show) -> None:
    shown = show("public", terminal=terminal)
    for private in (
        "Thought number",
        "foot-in-the-door",
        "worth",
        "FALSE",
        "DECEPTIVE",
        "deceptive",
        "reservation",
    ):
        assert private not in shown
    assert "offers" in shown
    assert "AGREEMENT" in shown


def test_thoughts_can_be_left_out(show: Show) -> None:
    shown = show("all", thoughts=False)
    assert "Thought number" not in shown
    assert "foot-in-the-door" not in shown
    assert "worth" in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_what_models_write_is_shown_and_not_obeyed(terminal: bool, show: Show, dialogue: Dialogue) -> None:
    evil = "[bold red]hello[/bold red] :smile: \x1b[2J\x1b]0;owned\x07 [/nonsense] \u202egnol"
    turn = dialogue.turns[0].model_copy(
        update={"utterance": Utterance(text=evil), "reflection": evil, "claims": (), "rollouts": ()}
    )
    record = dialogue.model_copy(update={"turns": (turn,), "models": (evil, evil), "votes": ()})
    shown = flat(show("all", terminal=terminal, width=100, record=record))
    words = "[bold red]hello[/bold red] :smile: ⟨U+001B⟩[2J⟨U+001B⟩"
    assert shown.count(words) >= 3 - (not terminal)
    if not terminal:
        assert words.translate(str.maketrans("[]", "⟦⟧")) in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown)


def test_a_failed_dialogue_says_where_and_why(show: Show, dialogue: Dialogue) -> None:
    record = dialogue.model_copy(
        update={
            "status": "failed",
            "end": "failed",
            "turns": dialogue.turns[:1],
            "votes": (),
            "outcome": Outcome(status="unknown"),
            "failure": Failure(
                turn=1, role=1, stage="speak", error="ProtocolError", message="no usable answer"
            ),
        }
    )
    for terminal in (True, False):
        shown = flat(show("all", terminal=terminal, record=record))
        assert "FAILED at utterance 2 (Bo Castellanos, stage speak)" in shown
        assert "ProtocolError: no usable answer" in shown
        assert "agreement" not in shown.lower()


def test_no_agreement_and_walking_away(show: Show, dialogue: Dialogue) -> None:
    leaving = dialogue.turns[0].model_copy(
        update={"utterance": Utterance(text="I am sorry, no.", action="walk_away"), "claims": ()}
    )
    record = dialogue.model_copy(
        update={
            "end": "walk_away",
            "turns": (leaving,),
            "votes": (),
            "condition": Condition(),
            "outcome": Outcome(status="no_agreement", values=(20.0, 15.0), joint_value=35.0),
        }
    )
    shown = flat(show("all", record=record))
    assert "walks away" in shown
    assert "NO AGREEMENT after 1 utterance: one side walked away" in shown
    assert "each keeps its reservation value: 20 for agent 1, 15 for agent 2" in shown
    assert "honest: nobody was told to lie" in shown


def test_a_turn_without_rollouts_names_its_tactic(show: Show, dialogue: Dialogue) -> None:
    turns = (
        dialogue.turns[0].model_copy(update={"rollouts": (), "chosen": None, "tactic": "door-in-the-face"}),
    )
    record = dialogue.model_copy(update={"turns": turns})
    assert "tactic  door-in-the-face" in show("all", record=record)
    assert "chooses: door-in-the-face" in show("all", terminal=False, record=record)


def test_an_unknown_view_names_those_there_are(orchard: Scenario) -> None:
    with pytest.raises(
        UserError, match=r"view '3' is unknown; 'orchard' has public, all, 1, 2, grower, maker"
    ):
        lens_of("3", orchard)


def test_a_scenario(orchard: Scenario, snapshot: SnapshotAssertion) -> None:
    file = io.StringIO()
    print_view(Console(file=file, width=80, color_system=None), scenario_view(orchard))
    assert file.getvalue() == snapshot


def test_a_taxonomy(snapshot: SnapshotAssertion) -> None:
    tactics = [
        Tactic(
            id="a-b",
            name="A b",
            definition="What it is.",
            family="one",
            deceptive=True,
            example="Like so.",
            source="X (1999)",
        ),
        Tactic(
            id="c",
            name="C",
            definition="Another.",
            family="two",
            deceptive=False,
            example="[red]Or so.[/red]",
        ),
    ]
    file = io.StringIO()
    view = taxonomy_view(Taxonomy(id="mine", sources=("X (1999). A book.",), tactics=tuple(tactics)))
    print_view(Console(file=file, width=80, color_system=None), view)
    assert file.getvalue() == snapshot
