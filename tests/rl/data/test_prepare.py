import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim import Run, RunConfig, generate
from negosim.errors import UserError
from negosim.importing import detect
from negosim.records import THIRD_PARTY, Judgement, Sheet
from negosim.rl import prepare, read_card, read_trajectories
from negosim.rl._split import SplitRule
from negosim.rl.policy_text import mark, read_mark


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = RunConfig(
        scenarios=("viatex",), planner="direct", dialogues=4, conditions=("honest", "deceptive-1")
    )
    return generate(config, out=tmp_path_factory.mktemp("runs") / "run")


def test_a_run_is_seen_from_the_learners_side(run: Run, folder: Path) -> None:
    card = prepare(run.path, folder / "out", learner=2)
    dialogues = {dialogue.id: dialogue for dialogue in run}
    made = list(read_trajectories(folder / "out"))
    assert card.trajectories == len(dialogues) == 8
    for trajectory in made:
        dialogue = next(d for id, d in dialogues.items() if f"-{id}-" in trajectory.id)
        assert dialogue.outcome.values is not None
        assert trajectory.reward == dialogue.outcome.values[1]
        # The other side's tactics and brief are private.
        assert all(turn.tactic is None for turn in trajectory.turns if turn.role == "user")
        scenario = run.scenario("viatex")
        assert trajectory.system is not None
        assert scenario.roles[1].brief[:60] in trajectory.system
        assert scenario.roles[0].brief[:60] not in trajectory.system
        assert scenario.roles[1].deceptive_brief not in trajectory.system


def test_a_deceptive_learner_is_told_so(run: Run, folder: Path) -> None:
    prepare(run.path, folder / "out", learner=1)
    brief = run.scenario("viatex").roles[0].deceptive_brief
    assert brief is not None
    told = {t.meta["condition"]: brief[:40] in (t.system or "") for t in read_trajectories(folder / "out")}
    assert told == {"honest": False, "deceptive-1": True}


def test_matched_pairs_stay_in_one_split(run: Run, folder: Path) -> None:
    prepare(run.path, folder / "out", split="50/25/25")
    split_by_index: dict[str, set[str]] = {}
    for dialogue, trajectory in zip(run, read_trajectories(folder / "out"), strict=True):
        split_by_index.setdefault(str(dialogue.index), set()).add(trajectory.split)
    assert all(len(splits) == 1 for splits in split_by_index.values())


def test_what_was_cut_off_is_no_end(folder: Path) -> None:
    config = RunConfig(scenarios=("viatex",), planner="direct", max_turns=4)
    cut = generate(config, out=folder / "run")
    prepare(cut.path, folder / "out", reward="agreement")
    (made,) = read_trajectories(folder / "out")
    assert made.terminal is False


def judge(run: Run, judge: str, *values: object) -> None:
    with run.judging() as writer:
        for dialogue, value in zip(run, values, strict=False):
            status = "refused" if value is None else "ok"
            made = Judgement.model_validate({"question": "fairness", "status": status, "value": value})
            writer.append(
                Sheet(
                    dialogue=dialogue.id,
                    questions="quality",
                    perspective=THIRD_PARTY,
                    judge=judge,
                    fingerprint=judge,
                    judgements=(made,),
                )
            )


def test_a_judged_score_can_be_the_reward(folder: Path) -> None:
    config = RunConfig(scenarios=("viatex",), planner="direct", dialogues=4)
    run = generate(config, out=folder / "run")
    with pytest.raises(UserError, match="negosim judge"):
        prepare(run.path, folder / "none", reward="judged:fairness")
    judge(run, "a", 4, True, None)
    card = prepare(run.path, folder / "out", reward="judged:quality/fairness")
    assert [t.reward for t in read_trajectories(folder / "out")] == [4.0, 1.0]
    assert card.dropped == {"no reward": 2}  # one refused, one not judged: no number is made up
    judge(run, "b", 2, 2, 2, 2)
    with pytest.raises(UserError, match=r"several judgements.*judged:quality/fairness@b"):
        prepare(run.path, folder / "two", reward="judged:fairness")
    prepare(run.path, folder / "b", reward="judged:fairness@b")
    assert [t.reward for t in read_trajectories(folder / "b")] == [2.0] * 4


def test_a_reward_can_be_a_function_of_ones_own(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "my_rewards.py").write_text(
        "def turns(trajectory, dialogue):\n    return -len(dialogue.turns)\n"
        "def none(trajectory, dialogue):\n    return None if dialogue.condition.deceptive else 1\n"
        "def wrong(trajectory, dialogue):\n    return float('nan')\n"
    )
    prepare(run.path, folder / "out", reward="my_rewards:turns")
    rewards = [t.reward for t in read_trajectories(folder / "out")]
    assert rewards == [-len(dialogue.turns) for dialogue in run]
    assert prepare(run.path, folder / "some", reward="my_rewards:none").dropped == {"no reward": 4}
    with pytest.raises(UserError, match="no finite number"):
        prepare(run.path, folder / "bad", reward="my_rewards:wrong")
    with pytest.raises(UserError, match="name an importable module"):
        prepare(run.path, folder / "bad", reward="my_rewards:nothing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reward": "fame"}, "give one of own, joint, agreement, judged:QUESTION, MODULE:FUNCTION"),
        ({"learner": 3}, "there is no agent 3"),
        ({"learner": 0}, "--learner 0"),
        ({"split": "80/20"}, "80/10/10"),
        ({"split": "0/0/0"}, "80/10/10"),
    ],
)
def test_a_wrong_argument_is_explained(
    run: Run, folder: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        prepare(run.path, folder / "out", **arguments)  # type: ignore[arg-type]
    assert list(folder.iterdir()) == []


def test_what_is_no_source_is_said(folder: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        detect(folder / "nowhere")
    (folder / "notes.txt").write_text("hello")
    (folder / "other.json").write_text(json.dumps([{"a": 1}]))
    with pytest.raises(UserError, match="holds nothing that can be read"):
        detect(folder)


def test_a_source_is_told_by_its_content(folder: Path) -> None:
    row = {"dialogue_id": 1, "chat_logs": [], "participant_info": {}}
    (folder / "anything.json").write_text(json.dumps([row]))
    assert detect(folder / "anything.json").name == "casino"
    (folder / "deep").mkdir()
    (folder / "deep" / "x.json").write_text(
        json.dumps([{"dialog": [], "emotion_type": "", "problem_type": ""}])
    )
    with pytest.raises(UserError, match=r"several sources \(casino, esconv\)"):
        detect(folder)


def test_equal_sources_give_equal_files(run: Run, folder: Path) -> None:
    for name in ("a", "b"):
        prepare(run.path, folder / name)
    for file in ("trajectories.jsonl", "card.json"):
        assert (folder / "a" / file).read_bytes() == (folder / "b" / file).read_bytes()
    assert read_card(folder / "a").origin.source == "run"


@given(st.text(), st.text())
def test_a_group_has_one_split(source: str, group: str) -> None:
    rule = SplitRule.parse("own")
    assert rule.split_of(source, group, None) == rule.split_of(source, group, None)
    assert rule.split_of(source, group, "test") == "test"
    assert SplitRule.parse("validation").split_of(source, group, "test") == "validation"


def test_shares_are_kept() -> None:
    rule = SplitRule.parse("60/20/20")
    found = [rule.split_of("x", str(number), "test") for number in range(2000)]
    assert found.count("train") / 2000 == pytest.approx(0.6, abs=0.04)
    assert found.count("test") / 2000 == pytest.approx(0.2, abs=0.04)


words = st.text("abc def", min_size=1).map(str.strip).filter(bool)
offers = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.integers(0, 9).map(str), min_size=1)


@given(words, offers)
def test_a_move_can_be_read_back_from_text(text: str, offer: dict[str, str]) -> None:
    assert read_mark(mark(text, "offer", offer)) == (text, "offer", offer)
    assert read_mark(mark(text, "accept")) == (text, "accept", {})
    assert read_mark(mark("", "walk_away")) == ("", "walk_away", {})
    assert read_mark(text) == (text, "talk", {})
