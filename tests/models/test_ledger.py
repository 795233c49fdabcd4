import pytest

from negosim.models import Ledger, Usage, price_of

USAGE = Usage(tokens_in=1_000_000, tokens_out=500_000, tokens_cached=400_000)


def enter(ledger, model, stage="speak", role=0, **changes):
    ledger.add(
        **{
            "stage": stage,
            "role": role,
            "model": model,
            "calls": 1,
            "usage": USAGE,
            "seconds": 0.5,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("openai:gpt-4o-mini", 0.6 * 0.15 + 0.4 * 0.075 + 0.5 * 0.6),
        ("openai:gpt-4o-mini-2024-07-18", 0.6 * 0.15 + 0.4 * 0.075 + 0.5 * 0.6),
        ("openai:gpt-4o-2024-05-13", 5 + 7.5),
        ("openai:gpt-3.5-turbo", 0.5 + 0.75),
        ("local:smollm2", 0),
        ("gguf:/a.gguf", 0),
        ("openai:gpt-4o-mini@http://127.0.0.1:8000/v1", None),
        ("openai:gpt-99", None),
        ("scripted", None),
    ],
)
def test_money_is_counted_where_the_price_is_known(model, usd):
    ledger = Ledger()
    enter(ledger, model)
    found = ledger.rows()[0].usd
    assert found is None if usd is None else found == pytest.approx(usd)


def test_rows_add_up_by_stage_role_and_model_in_a_fixed_order():
    ledger = Ledger()
    for stage, role, model in [
        ("speak", 1, "b"),
        ("vote", None, "a"),
        ("speak", 0, "b"),
        ("speak", 1, "a"),
    ] * 2:
        enter(ledger, model, stage, role)
    rows = ledger.rows()
    assert [(row.stage, row.role, row.model) for row in rows] == [
        ("speak", 0, "b"), ("speak", 1, "a"), ("speak", 1, "b"), ("vote", None, "a"),
    ]  # fmt: skip
    assert {(row.calls, row.tokens_in, row.tokens_cached, row.seconds) for row in rows} == {
        (2, 2_000_000, 800_000, 1.0)
    }


def test_every_price_is_sound():
    from importlib.resources import files

    import orjson

    table = orjson.loads(files("negosim.models").joinpath("prices.json").read_bytes())
    for name in table["models"]:
        price = price_of(f"openai:{name}")
        assert price is not None
        assert 0 < price.tokens_in < price.tokens_out
        assert price.tokens_cached is None or 0 < price.tokens_cached < price.tokens_in
