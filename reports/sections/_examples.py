"""Two whole dialogues, chosen by rule: of median length, one honest, one in which an agent may lie."""

from collections.abc import Iterator

from negosim._text import one_line
from negosim.records import Dialogue
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Number, Prose, ReportTable, Row, Section
from negosim.scenarios import Scenario
from negosim.speech import quoted_line
from negosim.terminal import ENDS, move_of, replay

TITLE = "Two dialogues in full"


def section(corpus: Corpus) -> Section:
    """Return an honest dialogue and one of the first other condition, where there are any."""
    others = [name for name in corpus.conditions if name != "honest"]
    wanted = [name for name in ("honest", *others[:1]) if name in corpus.conditions]
    blocks: list[Block] = []
    for name in wanted:
        blocks += _example(corpus, name)
    return Section("examples", TITLE, tuple(blocks))


def median_of(sample: Sample) -> str | None:
    """Return the id of the dialogue in the middle by number of utterances; of equally long ones the first."""
    ordered = sample.frame.sort_values(["turns", "id"])["id"].tolist()
    return str(ordered[(len(ordered) - 1) // 2]) if ordered else None


def _example(corpus: Corpus, condition: str) -> Iterator[Block]:
    known = corpus.complete.only(condition=condition)
    key = median_of(known)
    if key is None:
        return
    chosen = known.having(known.frame[known.frame["id"] == key])
    (name,) = chosen.frame["run"]
    run = corpus.runs[corpus.names.index(name)]
    dialogue = run.dialogue(key.removeprefix(f"{name}/") if len(corpus.runs) > 1 else key)
    scenario = run.scenario_of(dialogue)
    turns = len(dialogue.turns)
    number = Number(f"{turns}", turns, 1, chosen.rows, how={"statistic": "mean", "column": "turns"})
    caption: Prose = (
        f"{scenario.title}; {_condition(scenario, dialogue)}. Chosen as the one in the middle when the "
        "finished dialogues of its condition are ordered by length (of equally long ones the first). ",
        number,
        f" utterances; {ENDS[dialogue.end]}; {_came_to(dialogue)}.",
    )
    columns = ("utterance", "speaker", "what is said", "at the table")
    yield ReportTable(
        f"example-{condition}",
        f"Dialogue {key}",
        columns,
        tuple(_rows(dialogue, scenario)),
        4,
        caption=caption,
    )


def _condition(scenario: Scenario, dialogue: Dialogue) -> str:
    if not dialogue.condition.deceptive:
        return "all honest"
    return f"{' and '.join(scenario.roles[role].name for role in dialogue.condition.deceptive)} may lie"


def _came_to(dialogue: Dialogue) -> str:
    return "no deal" if dialogue.outcome.deal is None else "a deal"


def _rows(dialogue: Dialogue, scenario: Scenario) -> Iterator[Row]:
    for turn, before, after in replay(dialogue, scenario):
        move = move_of(turn, before, after)
        done = "" if move is None else f"{move.verb} {move.describe(scenario)}".strip()
        name = one_line(scenario.roles[turn.role].name)
        yield str(turn.index + 1), name, quoted_line(turn.utterance.text), done
