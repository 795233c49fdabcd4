"""Words that a taxonomy or a scenario brings are said where they fit, refused where they never could be."""

import logging

import pytest

from negosim import RunConfig, UserError
from negosim.agents.sim import check_lines, check_taxonomy, wordless
from negosim.engine import plan
from negosim.scenarios import load_scenario
from negosim.taxonomies import Tactic, TacticWords, Taxonomy

PRIVATELY = TacticWords(
    frames=("[Could we|May we] step outside[, {you}|]?", "I would like ten minutes about {focus} alone."),
    short=("In private[, {you}|]?",),
)


def tactic(name: str, words: TacticWords | None) -> Tactic:
    return Tactic(
        id=name, name=name, definition="D.", family="f", deceptive=False, example="E.", simulated=words
    )


def taxonomy(words: TacticWords | None) -> Taxonomy:
    return Taxonomy(id="mine", tactics=(tactic("caucus", words), tactic("single-text", None)))


def with_lines(**lines: tuple[str, ...]):
    scenario = load_scenario("viatex")
    role = scenario.roles[0]
    named = {name.replace("_", ".", 1): texts for name, texts in lines.items()}
    return scenario.model_copy(
        update={"roles": (role.model_copy(update={"lines": named}), *scenario.roles[1:])}
    )


def test_a_taxonomy_s_own_words_are_said_and_count_as_its_tactic(play):
    turns = [
        turn
        for index in range(4)
        for turn in play(load_scenario("viatex"), index, tactics=taxonomy(PRIVATELY), k=2).turns
    ]
    realised = [turn for turn in turns if turn.realised]
    assert len(realised) > 5
    assert {turn.tactic for turn in realised} == {"caucus"}
    said = ("step outside", "ten minutes about", "n private")
    assert all(any(words in (turn.draft or turn.utterance.text) for words in said) for turn in realised)
    assert any("step outside" in turn.utterance.text for turn in realised)


def test_tactics_without_words_are_named_when_the_run_is_planned(tmp_path, caplog):
    assert wordless(taxonomy(PRIVATELY)) == ["single-text"]
    assert wordless(taxonomy(None)) == ["caucus", "single-text"]
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(f"{one.model_dump_json()}\n" for one in taxonomy(PRIVATELY).tactics))
    with caplog.at_level(logging.WARNING):
        plan(RunConfig(scenarios=["viatex"], models="sim", tactics=str(file), k=2))
        plan(RunConfig(scenarios=["viatex"], models="sim"))
    (message,) = [record.getMessage() for record in caplog.records]
    assert "no words for 1 tactic of taxonomy 'mine' (single-text)" in message


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Step outside [now|", "a [ has no ]"),
        ("Step outside now].", "']' stands outside"),
        ("About {fokus}.", "nothing called {fokus} here"),
        ("About [{focus}|{package}].", "nothing called {package} here"),
        ("About {focus.", "'{' stands alone"),
        ("<fact: It rains.>", "nothing in < >"),
        ("@posh Step outside.", "no voice 'posh'"),
    ],
)
def test_words_that_could_never_be_said_are_refused(tmp_path, text, wrong):
    words = TacticWords(frames=("Fine.", text))
    with pytest.raises(UserError) as caught:
        check_taxonomy(taxonomy(words))
    assert f"tactic 'caucus', simulated.frames, text 2 ({text!r}): " in str(caught.value)
    assert wrong in str(caught.value)
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(f"{one.model_dump_json()}\n" for one in taxonomy(words).tactics))
    with pytest.raises(UserError, match="cannot be used"):
        plan(RunConfig(scenarios=["viatex"], models="sim", tactics=str(file), k=2))


def test_a_scenario_s_lines_are_said_by_their_role_alone(play):
    scenario = with_lines(
        moves_close=("Mind the step[, {you}|].",), reactions_chat=("The lift is out of order again.",)
    )
    check_lines(scenario)
    said: dict[int, str] = {0: "", 1: ""}
    for index in range(12):
        for turn in play(scenario, index, planner="direct").turns:
            said[turn.role] += turn.utterance.text
    assert "Mind the step" in said[0]
    assert "The lift is out of order" in said[0]
    assert "Mind the step" not in said[1]


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ({"moves_cloze": ("Bye.",)}, "no such pool of sentences; did you mean moves.close"),
        ({"claims_fact": ("It rains.",)}, "no such pool"),
        ({"moves_first": ("That is my offer.",)}, "it must name {package}"),
        ({"moves_close": ("Bye {me}.",)}, "nothing called {me} here"),
    ],
)
def test_lines_that_could_never_be_said_are_refused(lines, wrong):
    with pytest.raises(UserError) as caught:
        check_lines(with_lines(**lines))
    assert "scenario 'viatex'" in str(caught.value)
    assert wrong in str(caught.value)
