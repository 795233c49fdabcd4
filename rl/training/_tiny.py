"""A small GPT with a word-level tokenizer made from the data: for laptops and tests."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from negosim.rl._trajectory import Trajectory

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

END, PAD, UNKNOWN = "<|end|>", "<|pad|>", "<|unknown|>"
LABELS = ("<|context|>", "<|user|>", "<|agent|>")

TEMPLATE = (
    "{% for m in messages %}"
    "{{ {'system': '<|context|>', 'user': '<|user|>', 'assistant': '<|agent|>'}[m['role']] }}"
    "{{ m['content'] }}<|end|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|agent|>{% endif %}"
)

WORDS = r"▁?[^\W\d_]+(?:['’][^\W\d_]+)*|▁?\d|▁?[^▁]|▁"
"""A word with the space before it, a digit, or one other character: joining the tokens gives the text
back."""


def texts_of(trajectories: Iterable[Trajectory]) -> Iterable[str]:
    """Yield everything that is said or shown in the trajectories."""
    for trajectory in trajectories:
        if trajectory.system:
            yield trajectory.system
        yield from (turn.text for turn in trajectory.turns)


def word_tokenizer(texts: Iterable[str], most_words: int = 20_000) -> "PreTrainedTokenizerFast":
    """Return a word-level tokenizer with the words of the texts, the most frequent first.

    A word it does not know is one token, `<|unknown|>`.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme="always"),
            pre_tokenizers.Split(Regex(WORDS), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    special = [PAD, UNKNOWN, END, *LABELS]
    tokenizer.train_from_iterator(
        texts,
        trainers.WordLevelTrainer(vocab_size=most_words, special_tokens=special, show_progress=False),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        additional_special_tokens=list(LABELS),
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def tiny_gpt(vocabulary: int, *, layers: int = 4, width: int = 128, context: int = 512) -> "GPT2LMHeadModel":
    """Return a GPT-2 with random weights; heads are 32 wide. Draws from torch's global generator."""
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocabulary,
            n_positions=context,
            n_embd=width,
            n_layer=layers,
            n_head=max(1, width // 32),
            activation_function="gelu_pytorch_tanh",  # the same as GPT-2's own, in one kernel
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=None,
        )
    )
