"""The packaged small language model takes a few steps and speaks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from negosim.rl import Trajectory
from negosim.rl.policy import Policy, PolicyContext, Sampling
from negosim.rl.training import TrainConfig, train


@pytest.mark.slow
@pytest.mark.real_model
@pytest.mark.xdist_group("real_model")
def test_smollm2_learns_and_speaks(
    smollm2: Path, dialogues: list[Trajectory], small: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    config = small("bc", model="smollm2", steps=2, batch_size=1, max_length=96, learning_rate=1e-4)
    card = train(dialogues[:8], tmp_path / "p", config)
    assert (card.config.model, card.max_length) == ("smollm2", 96)
    policy = Policy.load(tmp_path / "p", device="cpu")
    assert len(policy.form.tokenizer) == 49_152
    assert policy.form.tokenizer.decode(policy.form.end_of_turn) == "<|im_end|>"
    (reply,) = policy.reply(
        [PolicyContext((("user", "please"),))], seeds=[0], sampling=Sampling(max_tokens=3, temperature=0)
    )
    assert reply.text
