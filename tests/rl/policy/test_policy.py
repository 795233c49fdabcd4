"""Policies speak as their formula says, the same in any company, and better than their data."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from negosim.errors import UserError
from negosim.rl.policy import Policy, PolicyContext, Sampling, read_policy_card
from negosim.rl.policy._sampling import guided
from negosim.rl.training.model import ValueHead

ASKED = (("user", "Would you give?"),)


@pytest.fixture(scope="module")
def policy(policy_folder: Path) -> Policy:
    return Policy.load(policy_folder, device="cpu")


def test_q_values_turn_the_policy_towards_what_pays(policy: Policy) -> None:
    prefixes = [PolicyContext(ASKED, f"Be kind {number % 3}.") for number in range(60)]

    def share(beta: float) -> float:
        said = policy.reply(prefixes, seeds=range(60), sampling=Sampling(advantage=beta, max_tokens=12))
        return sum("Yes" in reply.text for reply in said) / len(said)

    assert 0.2 < share(0) < 0.8
    assert share(32) > 0.95


def test_the_same_words_and_seed_give_the_same_turn_in_any_company(policy: Policy) -> None:
    prefixes = [
        PolicyContext(ASKED, "Be kind 1."),
        PolicyContext((), "Be kind 2."),
        PolicyContext((*ASKED, ("agent", "No, never."), ("user", "Fine.")), "Be kind 0."),
        PolicyContext((("user", "unheard of: 5!"),)),
    ]
    sampling = Sampling(advantage=1.0, max_tokens=9)
    together = policy.reply(prefixes, seeds=[5, 6, 7, 8], sampling=sampling)
    alone = [
        policy.reply([prefix], seeds=[seed], sampling=sampling)[0]
        for prefix, seed in zip(prefixes, (5, 6, 7, 8), strict=True)
    ]
    assert together == alone
    assert all(reply.text for reply in together)
    assert policy.reply([], seeds=[]) == []


def test_decoding_equals_the_formula_over_the_whole_prefix(policy: Policy) -> None:
    weights = load_file(Path(policy.lm.name_or_path).parent / "heads.safetensors")
    prompt, _ = policy.form.prompt("Be kind 1.", ASKED, 100)
    tokens = list(prompt)
    beta, top_k = 4.0, 3
    heads = []
    for name in ("target_q1", "target_q2"):
        head = ValueHead(32, len(policy.form.tokenizer))
        head.load_state_dict({key[len(f"heads.{name}.") :]: weights[key] for key in weights if name in key})
        heads.append(head)
    (reply,) = policy.reply(
        [PolicyContext(ASKED, "Be kind 1.")],
        seeds=[0],
        sampling=Sampling(advantage=beta, top_k=top_k, temperature=0, max_tokens=12),
    )
    while len(tokens) < len(prompt) + 12:
        with torch.no_grad():
            ids = torch.tensor([tokens])
            hidden = policy.lm.base_model(input_ids=ids).last_hidden_state[0, -1]
            log_pi = policy.lm(input_ids=ids).logits[0, -1].masked_fill(policy._banned, -torch.inf)
            if len(tokens) == len(prompt):
                log_pi[policy.form.end_of_turn[-1]] = -torch.inf
            worth = torch.minimum(heads[0](hidden), heads[1](hidden))
        log_pi = log_pi.log_softmax(-1)
        allowed = log_pi >= log_pi.topk(top_k).values[-1]
        tokens.append(int((log_pi + beta * worth).masked_fill(~allowed, -torch.inf).argmax()))
        if tokens[-1] == policy.form.end_of_turn[-1]:
            break
    want = policy.form.tokenizer.decode(tokens[len(prompt) :], skip_special_tokens=True).strip()
    assert reply.text == want
    assert reply.complete


def test_guidance_never_makes_the_impossible_likely() -> None:
    head = ValueHead(2, 3)
    logits = torch.tensor([[0.0, 1.0, -torch.inf]])
    tokens, scores = guided(logits, torch.ones(1, 2), [head], 1e6, 3)
    assert scores[0, tokens[0].tolist().index(2)] == -torch.inf
    tokens, scores = guided(logits, torch.ones(1, 2), [], 8.0, 2)
    assert tokens.tolist() == [[1, 0]]
    torch.testing.assert_close(scores.exp().sum(), torch.tensor(1.0))


def test_no_q_value_makes_the_policy_say_what_is_far_less_likely_than_the_likeliest() -> None:
    head = ValueHead(2, 3)
    logits = torch.tensor([[0.9, 0.08, 0.02]]).log()
    _, scores = guided(logits, torch.ones(1, 2), [head], 1e6, 3, min_p=0.05)
    assert scores[0].isfinite().tolist() == [True, True, False]


def test_a_turn_is_cut_off_and_old_turns_forgotten(policy: Policy) -> None:
    (reply,) = policy.reply([PolicyContext(ASKED)], seeds=[1], sampling=Sampling(max_tokens=1))
    assert not reply.complete
    long = tuple((("user", "agent")[n % 2], "Would you give?") for n in range(61))
    (reply,) = policy.reply([PolicyContext(long)], seeds=[1])  # type: ignore[arg-type]
    assert reply.forgotten > 30
    with pytest.raises(UserError, match="no room for the system prompt"):
        policy.reply([PolicyContext((), "Be kind " * 200)], seeds=[1])


def test_the_card_says_how_it_came_about(policy: Policy, policy_folder: Path) -> None:
    card = read_policy_card(policy_folder)
    assert card == policy.card
    assert (card.trajectories, card.cut, card.reward_scale) == (16, 0, 1.0)
    assert (card.opener, card.system) == ("user", None)
    assert card.heads == ("q1", "q2", "target_q1", "target_q2", "v")


def test_a_model_of_both_sides_speaks_as_the_user_too(policy: Policy) -> None:
    (reply,) = policy.reply([PolicyContext()], seeds=[3], speaker="user")
    assert reply.text


CHECKSUMS = ("files", "crc32")


def test_damaged_folders_are_told(policy_folder: Path, tmp_path: Path) -> None:
    import shutil

    def broken(name: str) -> Path:
        copy = tmp_path / name
        shutil.copytree(policy_folder, copy)
        return copy

    with pytest.raises(UserError, match="no policy folder"):
        Policy.load(tmp_path)
    folder = broken("card")
    (folder / "policy.json").write_text('{"format": "other"}')
    with pytest.raises(UserError, match=r"policy.json: \w+"):
        Policy.load(folder)
    folder = broken("other")
    card = json.loads((folder / "policy.json").read_bytes())
    (folder / "policy.json").write_text(
        json.dumps({name: card[name] for name in card if name not in CHECKSUMS})
    )
    from negosim.rl.training._tiny import tiny_gpt

    tiny_gpt(9, layers=1, width=32).save_pretrained(folder / "model")
    with pytest.raises(UserError, match="does not fit the model"):
        Policy.load(folder)
