"""Training as a whole: what must not change a result, what must, and what stops it."""

import doctest
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from negosim.errors import UserError
from negosim.rl import Trajectory, TrajectoryTurn, simulate
from negosim.rl.policy import Policy
from negosim.rl.training import ALGORITHMS, OptimizerStep, TrainConfig, train
from negosim.rl.training._batches import collate
from negosim.rl.training._losses import LossWeights, dense_ilql_losses
from negosim.rl.training._train import prepare
from negosim.rl.training._trainer import Trainer, accelerated
from negosim.rl.training.ilql import ILQL
from negosim.rl.training.model import ValueModel

Small = Callable[..., TrainConfig]
TIMES = ("seconds",)


def curve(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in TIMES} for row in rows]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return {**load_file(folder / "model" / "model.safetensors"), **load_file(folder / "heads.safetensors")}


def assert_same_curve(one: Path, other: Path) -> None:
    for a, b in zip(curve(one), curve(other), strict=True):
        assert a == pytest.approx(b, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_every_algorithm_learns_and_speaks(
    algo: str, dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    if algo == "rft":
        dialogues = [dialogue.model_copy(update={"ancestry": {"parent": "x"}}) for dialogue in dialogues]
    card = train(dialogues, tmp_path / "p", small(algo, steps=12))
    rows = curve(tmp_path / "p")
    assert len(rows) == 12
    first, final = sum(row["loss"] for row in rows[:3]), sum(row["loss"] for row in rows[-3:])
    assert final < first
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == sorted(
        ["model", "policy.json", "training.jsonl", *(["heads.safetensors"] if card.heads else [])]
    )
    assert card.trajectories == (10 if algo in ("sft", "rft") else 40)
    assert Policy.load(tmp_path / "p").form.end_of_turn


def test_training_computes_the_published_losses(dialogues: list[Trajectory], small: Small) -> None:
    config = small(algorithm={"algo": "ilql", "advantage_weight": 0.5})
    torch.manual_seed(0)
    material = prepare(dialogues, config)
    algorithm = config.algorithm
    assert isinstance(algorithm, ILQL)
    model = ValueModel(material.lm, ILQL.heads)
    for head in model.heads.values():  # targets unlike the online heads
        for weight in head.parameters():
            weight.data += 0.1 * torch.randn_like(weight)
    data = material.data[:8]
    batch = collate(data)
    found = model(batch, algorithm.losses)

    hidden = model.lm.base_model(input_ids=batch.ids, attention_mask=batch.attention).last_hidden_state
    heads = {name: model.head(name)(hidden) for name in ILQL.heads}
    heads["v"] = heads["v"].squeeze(-1)
    heads["logits"] = model.lm(input_ids=batch.ids, attention_mask=batch.attention).logits
    most = max(len(item.actions) for item in data)
    actions = torch.zeros(len(data), most, dtype=torch.long)
    rewards, mask = torch.zeros(len(data), most), torch.zeros(len(data), most, dtype=torch.bool)
    for number, item in enumerate(data):
        count = len(item.actions)
        actions[number, :count], rewards[number, :count] = (
            torch.tensor(item.actions),
            torch.tensor(item.rewards),
        )
        mask[number, :count] = True
    want = dense_ilql_losses(
        heads,
        ids=batch.ids,
        actions=actions,
        last=batch.last,
        mask=mask,
        reward=rewards,
        terminal=torch.tensor([item.terminal for item in data]),
        weights=LossWeights(advantage=0.5),
    )
    for name, value in want.items():
        torch.testing.assert_close(found[name] / len(batch.at), value)
    gradients = [
        torch.autograd.grad(loss, [w for w in model.parameters() if w.requires_grad], retain_graph=True)
        for loss in (found["loss"] / len(batch.at), want["loss"])
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


def test_tokens_the_data_never_has_are_worth_nothing(dialogues: list[Trajectory], small: Small) -> None:
    # Without the conservative term nothing moves their Q: it stays what it was, which must not be noise.
    config = small(algorithm={"algo": "ilql", "cql_weight": 0}, steps=20)
    material = prepare(dialogues, config)
    model = ValueModel(material.lm, ILQL.heads)
    with accelerated(config) as accelerator:
        Trainer(accelerator, model, material.data, config).run()
    q = model.head("target_q1")(torch.randn(5, model.lm_weight.shape[1]))
    said = {item.tokens[place + 1] for item in material.data for place in item.actions}
    never = [token for token in range(q.shape[1]) if token not in said]
    assert len(never) >= 3
    assert not q[:, never].any()
    assert q[:, sorted(said)].any()


def test_micro_batches_add_up_to_the_batch(dialogues: list[Trajectory], small: Small, tmp_path: Path) -> None:
    train(dialogues, tmp_path / "whole", small())
    for number, changed in enumerate(({"micro_batch_size": 3}, {"gradient_checkpointing": True})):
        train(dialogues, tmp_path / str(number), small(**changed))
        assert_same_curve(tmp_path / "whole", tmp_path / str(number))


def test_targets_follow_after_each_step(dialogues: list[Trajectory], small: Small) -> None:
    config = small(algorithm={"algo": "ilql", "target_rate": 0.25}, steps=2)
    material = prepare(dialogues, config)
    with accelerated(config) as accelerator:
        trainer = Trainer(accelerator, ValueModel(material.lm, ILQL.heads), material.data, config)
        online, target = (trainer.plain.head(name).output.weight for name in ("q1", "target_q1"))
        want = target.detach().clone()
        seen = []

        def watch(step: OptimizerStep) -> None:
            want.lerp_(online.detach(), 0.25)
            torch.testing.assert_close(target, want)
            seen.append(step.number)

        trainer.run(watch)
    assert seen == [1, 2]
    assert not torch.equal(online, target)


class StoppedError(Exception):
    pass


def stop_after(number: int) -> Callable[[OptimizerStep], None]:
    def watch(step: OptimizerStep) -> None:
        if step.number == number:
            raise StoppedError

    return watch


def test_a_stopped_run_goes_on_exactly(dialogues: list[Trajectory], small: Small, tmp_path: Path) -> None:
    config = small(steps=9, checkpoint_every=3, warmup_steps=5)
    train(dialogues, tmp_path / "whole", config)
    with pytest.raises(StoppedError):
        train(dialogues, tmp_path / "cut", config, watch=stop_after(8))
    assert [path.name for path in (tmp_path / "cut").glob("checkpoint-*")] == ["checkpoint-00000006"]
    kept = {path.suffix for path in (tmp_path / "cut").rglob("*") if path.is_file()}
    assert kept == {".json", ".jsonl", ".safetensors"}
    with pytest.raises(UserError, match="its training has not ended"):
        Policy.load(tmp_path / "cut")
    seen: list[int] = []
    train(dialogues, tmp_path / "cut", config, resume=True, watch=lambda step: seen.append(step.number))
    assert seen == [7, 8, 9]
    assert curve(tmp_path / "cut") == curve(tmp_path / "whole")
    one, other = weights(tmp_path / "cut"), weights(tmp_path / "whole")
    assert all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())
    assert not list((tmp_path / "cut").glob("checkpoint-*"))


def test_a_checkpoint_of_another_run_is_refused(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    config = small(checkpoint_every=3)
    with pytest.raises(StoppedError):
        train(dialogues, tmp_path / "p", config, watch=stop_after(4))

    def refused(problem: str, data: list[Trajectory], **given: Any) -> None:
        with pytest.raises(UserError, match=problem):
            train(data, tmp_path / "p", small(checkpoint_every=3, **given), resume=True)

    refused("model was 'tiny:1x32' and is now 'tiny:2x32'", dialogues, model="tiny:2x32")
    refused("expectile was 0.8 and is now 0.7", dialogues, algorithm={"algo": "ilql", "expectile": 0.7})
    refused("it learnt from other trajectories", dialogues[:-1])
    with pytest.raises(UserError, match="not an empty folder"):
        train(dialogues, tmp_path / "p", config)
    with pytest.raises(UserError, match="no checkpoint to go on from"):
        train(dialogues, tmp_path / "none", config, resume=True)
    assert not (tmp_path / "none").exists()


def with_reward(dialogue: Trajectory, reward: float) -> Trajectory:
    return dialogue.model_copy(update={"reward": reward})


@pytest.mark.parametrize("algo", ["ilql", "mc", "sft"])
def test_rewards_that_teach_nothing_are_refused(
    algo: str, dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    same = [with_reward(dialogue, 2.5) for dialogue in dialogues]
    with pytest.raises(UserError, match=r"the reward 2.5: nothing tells good dialogues from bad"):
        train(same, tmp_path / "p", small(algo))
    with pytest.raises(UserError, match="no trajectories to learn from"):
        train([], tmp_path / "p", small(algo))
    assert not (tmp_path / "p").exists()


def test_rejection_fine_tuning_needs_regenerated_dialogues(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="originals only"):
        train(dialogues, tmp_path / "p", small("rft"))


def test_sft_learns_from_the_best_originals(dialogues: list[Trajectory], small: Small) -> None:
    regenerated = [d.model_copy(update={"ancestry": {"parent": d.id}, "reward": 99.0}) for d in dialogues]
    sft, hard = small("sft").algorithm, small(algorithm={"algo": "forward", "bottom_share": 0.25}).algorithm
    best = sft.select([*regenerated, *dialogues])
    assert len(best) == 10
    rewards = sorted((dialogue.reward for dialogue in dialogues), reverse=True)
    assert [dialogue.reward for dialogue in best] == rewards[:10]
    assert [dialogue.reward for dialogue in hard.select(dialogues)] == rewards[::-1][:10]


def test_a_loss_that_is_no_number_stops_training_and_says_where(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    diverging = small(learning_rate=1e30, steps=20)
    with pytest.raises(UserError, match=r"step \d+: \w+ is (nan|inf); .*dialogue-\d+"):
        train(dialogues, tmp_path / "p", diverging)
    assert not (tmp_path / "p").exists()


def test_long_dialogues_lose_their_oldest_turns_and_that_is_told(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    long = Trajectory(
        id="long",
        source="made",
        turns=tuple(
            TrajectoryTurn(role=role, text="please give") for _ in range(20) for role in ("user", "agent")
        ),
        reward=5.0,
    )
    card = train([*dialogues, long], tmp_path / "p", small(max_length=48, steps=1))
    told = [json.loads(line) for line in (tmp_path / "p" / "cut.jsonl").read_text().splitlines()]
    assert card.cut == len(told)
    assert {"id": "long", "left_out": "turns 1 to 28"} in told
    material = prepare([*dialogues, long], small(max_length=48))
    assert material.data[-1].rewards[-1] == 1.0  # the largest reward, scaled


def test_models_that_cannot_be_had_are_told(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    def refused(problem: str, **given: Any) -> None:
        with pytest.raises(UserError, match=problem):
            train(dialogues, tmp_path / "out", small(**given))

    refused("no model './missing'", model="./missing")
    refused("a width that is a multiple of 32", model="tiny:2x33")
    refused("negosim models get smollm2", model="smollm2")
    refused("adapters add nothing", lora_rank=4)
    empty = tmp_path / "empty"
    empty.mkdir()
    refused("cannot be loaded", model=str(empty))
    train(dialogues, tmp_path / "p", small("bc", steps=1))
    refused("is more than the model's context", model=str(tmp_path / "p"), max_length=4096)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "p" / "model")
    tokenizer.add_tokens([f"word{number}" for number in range(99)])
    tokenizer.save_pretrained(tmp_path / "p" / "model")
    refused(r"tokenizer\w*\.json: damaged", model=str(tmp_path / "p"))
    refused("they do not belong together", model=str(tmp_path / "p" / "model"))
    assert not (tmp_path / "out").exists()


def test_adapters_leave_the_model_as_it_is_and_are_merged_at_the_end(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    train(dialogues, tmp_path / "base", small("bc", steps=3))
    config = small(model=str(tmp_path / "base"), lora_rank=2, steps=4, checkpoint_every=2)
    train(dialogues, tmp_path / "whole", config)
    with pytest.raises(StoppedError):
        train(dialogues, tmp_path / "cut", config, watch=stop_after(3))
    train(dialogues, tmp_path / "cut", config, resume=True)
    assert curve(tmp_path / "cut") == curve(tmp_path / "whole")
    before, after = weights(tmp_path / "whole"), {**weights(tmp_path / "cut")}
    from safetensors.torch import load_file

    base = load_file(tmp_path / "base" / "model" / "model.safetensors")
    assert not any("lora" in name for name in after)
    changed = {name for name in base if not torch.equal(base[name], after[name])}
    assert changed == {
        name for name in base if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight"))
    }
    assert all(torch.equal(before[name], after[name]) for name in after)


def test_bfloat16_stays_close_to_float32(dialogues: list[Trajectory], small: Small, tmp_path: Path) -> None:
    train(dialogues, tmp_path / "whole", small(steps=3))
    train(dialogues, tmp_path / "half", small(steps=3, precision="bf16"))
    for one, other in zip(curve(tmp_path / "whole"), curve(tmp_path / "half"), strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=0.02)
        assert math.isfinite(other["gradient_norm"])
        assert one["loss"] != other["loss"]


def test_a_dialogue_that_does_not_fit_is_left_out_and_told(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    huge = dialogues[0].model_copy(update={"id": "huge", "system": "please " * 100, "reward": 50.0})
    card = train([*dialogues, huge], tmp_path / "p", small(max_length=48, steps=1))
    told = [json.loads(line) for line in (tmp_path / "p" / "cut.jsonl").read_text().splitlines()]
    assert (card.trajectories, card.left_out) == (40, 1)
    assert told[-1]["id"] == "huge"
    assert "the whole dialogue" in told[-1]["left_out"]
    assert card.system is None
    with pytest.raises(UserError, match="no dialogue fits"):
        train([huge, huge.model_copy(update={"reward": 1.0})], tmp_path / "q", small(max_length=48))


def test_an_outlying_reward_is_told_before_the_first_step(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    heard: list[str] = []
    huge = dialogues[0].model_copy(update={"id": "slip", "reward": 5000.0})
    config = small(steps=1)
    card = train(
        [*dialogues, huge], tmp_path / "p", config, note=heard.append, watch=lambda _: heard.append("")
    )
    assert "the reward of slip is 5000" in heard[0]
    assert list(card.notes) == heard[:1]
    heard.clear()
    assert train(dialogues, tmp_path / "q", config, note=heard.append).notes == ()
    assert heard == []


def test_a_policy_speaks_as_it_was_trained_to_begin(
    dialogues: list[Trajectory], small: Small, tmp_path: Path
) -> None:
    train(dialogues, tmp_path / "p", small("bc", steps=1, begin="user"))
    policy = Policy.load(tmp_path / "p")
    prompt, _ = policy.form.prompt("give", [], 100)
    assert policy.form.tokenizer.decode(prompt).startswith("<|user|> give<|unknown|>")


def test_the_example_of_train_works() -> None:
    simulate("donation", "trajectories", dialogues=3)
    (example,) = doctest.DocTestFinder(recurse=False).find(train, "train", globs={})
    said: list[str] = []
    doctest.DocTestRunner().run(example, out=said.append)
    assert example.examples
    assert not said, "".join(said)
