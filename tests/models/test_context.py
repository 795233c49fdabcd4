"""Contexts of models in this process: what is needed, as far as the model and memory allow."""

import struct
from pathlib import Path

import pytest

from negosim import RunConfig
from negosim.engine import ModelSized
from negosim.engine._contexts import sized_models
from negosim.engine._plan import resolve
from negosim.models import _context as context
from negosim.models._context import choose_context
from negosim.models._gguf import ModelShape, shape_of
from negosim.models._local import Serving


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(path: Path, trained: int = 32768, **more: int) -> Path:
    """Write the header of a file: a model of 28 layers and 2 heads of 128 numbers, as Qwen2.5-1.5B has."""
    numbers = {
        "context_length": trained,
        "embedding_length": 1536,
        "block_count": 28,
        "attention.head_count": 12,
        "attention.head_count_kv": 2,
        **more,
    }
    values = text("general.architecture") + struct.pack("<I", 8) + text("qwen2")
    values += text("general.tags") + struct.pack("<IIQ", 9, 8, 1) + text("chat")
    for name, value in numbers.items():
        values += text(f"qwen2.{name}") + struct.pack("<II", 4, value)
    values += text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 1 << 30)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 3 + len(numbers)) + values)
    return path


def test_a_header_tells_how_much_a_token_takes(tmp_path: Path) -> None:
    shape = shape_of(gguf(tmp_path / "a.gguf"))
    assert shape == ModelShape(trained=32768, numbers=28 * 2 * 256)
    assert shape.cache_bytes(8192, "f16") == 8192 * 28672
    assert shape.cache_bytes(8192, "q8_0") < 0.54 * shape.cache_bytes(8192, "f16")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK\3\4", b"GGUF" + bytes(40), b"GGUF" + b"\xff" * 40])
def test_a_header_that_cannot_be_read_tells_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gguf").write_bytes(content)
    assert shape_of(tmp_path / "a.gguf") is None
    assert choose_context(tmp_path / "a.gguf", 9000, slots=4).tokens == 9216


@pytest.mark.parametrize(
    ("needed", "trained", "free", "kv_cache", "tokens", "reason"),
    [
        (9000, 32768, 16, "f16", 9216, "the longest call can have about 9,000"),
        (700, 32768, 16, "f16", 4096, "the longest call"),
        (9000, 8192, 16, "f16", 8192, "it was trained on 8,192"),
        (60_000, 131_072, 2, "f16", 9 * 1024, "free memory holds no more"),
        (60_000, 131_072, 2, "q8_0", 17 * 1024, "free memory holds no more"),
        (60_000, 131_072, 0, "f16", 4096, "free memory holds no more"),
    ],
)
def test_what_is_needed_is_given_as_far_as_it_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: int, trained: int, free: int, kv_cache: str,
    tokens: int, reason: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(context, "free_memory", lambda: free * 2**30)
    choice = choose_context(gguf(tmp_path / "a.gguf", trained), needed, slots=4, kv_cache=kv_cache)
    assert choice.tokens == tokens
    assert reason in choice.reason
    assert choice.enough == (tokens >= needed)


async def test_a_run_s_dialogues_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "free_memory", lambda: 64 * 2**30)
    path = gguf(tmp_path / "a.gguf")

    async def chosen(model: str, **settings: object) -> tuple[int | None, list[ModelSized]]:
        told: list[ModelSized] = []
        config = RunConfig(
            scenarios="viatex", conditions=["deceptive-1"], models=(model,), planner="direct", **settings
        )
        (spec,) = (await sized_models(resolve(config), told.append)).values()
        return spec.context, told

    short, _ = await chosen(f"gguf:{path}", max_turns=4)
    long, (told,) = await chosen(f"gguf:{path}", max_turns=30)
    assert short == 4096
    assert long is not None
    assert 8192 < long <= 16384
    assert f"context of {long:,} tokens" in str(told)
    assert await chosen(f"gguf:{path}?context=6000", max_turns=30) == (6000, [])
    cramped, (told,) = await chosen(f"gguf:{gguf(path, 2048)}", max_turns=8)
    assert cramped == 2048
    assert "trained on 2,048" in str(told)
    assert "lower --max-turns" in str(told)


def test_a_server_with_more_context_serves_who_needs_less() -> None:
    assert Serving(context=16384).serves(Serving())
    assert not Serving().serves(Serving(context=16384))
    assert not Serving(kv_cache="q8_0").serves(Serving())
