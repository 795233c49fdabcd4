import asyncio
import re
import subprocess
import sys
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from negosim.errors import ModelError, UserError
from negosim.models import (
    ChatRequest,
    Ledger,
    Message,
    ModelClient,
    ModelSpec,
    check_model,
    open_model,
)
from negosim.models._local import SLACK, SLOTS, Speed, speed_in
from negosim.models._schema import answer_schema

LONG = "\n".join(f"Seller: lot {number} costs {number * 7} euros." for number in range(40))


class Offer(BaseModel):
    text: Annotated[str, Field(max_length=60)]
    price: Annotated[int, Field(ge=1, le=500)] | None
    tactics: Annotated[tuple[Literal["anchor", "praise", "deadline"], ...], Field(min_length=2, max_length=2)]
    done: bool


class Ready(BaseModel):
    """An answer of few tokens, where only is asked whether there is one."""

    done: bool


def test_a_missing_file_is_told():
    with pytest.raises(UserError, match=r"no model file '/nowhere/a\.gguf'"):
        open_model("gguf:/nowhere/a.gguf")


def test_a_model_not_got_yet_is_told():
    with pytest.raises(UserError, match="run: negosim models get smollm2"):
        open_model("local")


async def test_a_file_that_is_no_model_is_told(tmp_path):
    for content, says in ((b"PK\3\4", "no GGUF file"), (b"GGUF" + bytes(100), "cannot load")):
        path = tmp_path / "a.gguf"
        path.write_bytes(content)
        with pytest.raises(UserError, match=says):
            await open_model(f"gguf:{path}").preflight()


async def test_without_xllamacpp_the_install_line_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(UserError, match=r"pip install 'negosim\[local\]'"):
        await open_model(f"gguf:{path}").preflight()


def test_opening_nothing_loads_nothing_heavy():
    code = (
        "import sys, negosim.models as m; m.ModelSpec.parse('openai:x@http://127.0.0.1:1/v1');"
        "print(sorted({'aiohttp', 'tenacity', 'xllamacpp', 'asyncio.subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "aiohttp" not in done.stdout
    assert "tenacity" not in done.stdout
    assert "xllamacpp" not in done.stdout


def test_a_timeout_fits_the_machine():
    speed = speed_in({"timings": {"prompt_per_second": 100.0, "predicted_per_second": 8.0}})
    assert speed == Speed(reading=100, writing=8)
    assert speed.seconds(8192, 4096) == SLACK * SLOTS * (81.92 + 512)
    assert speed_in({"timings": None}) == speed_in(None) == Speed(1.0, 1.0)


def test_how_a_file_is_served_is_a_setting_of_files_alone():
    text = "gguf:/m.gguf?threads=6&context=16384&kv_cache=q8_0"
    assert str(ModelSpec.parse(text)) == text
    for wrong, says in (
        ("openai:x?threads=6", "threads: settings of gguf:PATH and local alone"),
        ("gguf:/m.gguf?kv_cache=q4", "unknown kv_cache 'q4'"),
        ("gguf:/m.gguf?context=1", "at least 512"),
    ):
        with pytest.raises(UserError, match=re.escape(says)):
            ModelSpec.parse(wrong)


real = [pytest.mark.real_model, pytest.mark.xdist_group("real_model")]


def messages(task):
    return Message("system", f"You sell at an auction.\n{LONG}"), Message("user", task)


async def ask(spec, *tasks, form=Offer):
    model, ledger = open_model(spec), Ledger()
    client = ModelClient(model, temperature=0.6, max_tokens=200)
    try:
        calls = [
            client.ask(messages(task), form, stage="speak", role=0, seed=number, ledger=ledger)
            for number, task in enumerate(tasks)
        ]
        return await asyncio.gather(*calls), ledger.rows()[0]
    finally:
        await model.close()


class TestRealModel:
    pytestmark = real

    @pytest.mark.parametrize("form", ["local", "openai"])
    async def test_structured_answers_hold_however_it_is_named(self, smollm2, form):
        from negosim.models._local import serve

        name = f"openai:smollm2@{serve(smollm2)}" if form == "openai" else "local"
        offers, row = await ask(name, "Offer lot 9.", "Offer lot 7.")
        assert len(offers) == 2
        assert all(isinstance(offer, Offer) for offer in offers)
        assert 2 <= row.calls <= 4  # the form held; a text that was cut at its bound is asked for once more
        assert row.tokens_in > 2 * 500
        assert row.tokens_out > 2 * 20
        assert row.usd == (None if form == "openai" else 0)

    async def test_a_shared_beginning_is_read_from_the_cache(self, smollm2):
        await ask("local", "Offer lot 3.", form=Ready)
        _, row = await ask("local", "Offer lot 4.", form=Ready)
        assert row.tokens_cached > 0.9 * row.tokens_in

    async def test_calls_of_one_dialogue_sent_together_read_their_beginning_once(self, smollm2):
        model = open_model("local")
        talk = f"# The conversation so far\n[1] Buyer: These are the lots I saw.\n{LONG}\n"
        requests = [
            ChatRequest(
                (Message("system", "You sell at an auction."), Message("user", f"{talk}Offer lot {lot}.")),
                answer_schema(Ready), "Ready", lot, 0.5, 20,
            )
            for lot in (3, 5, 7, 9)
        ]  # fmt: skip
        responses = await asyncio.gather(*(model.complete(request) for request in requests))
        await model.close()
        read = sorted(response.usage.tokens_in - response.usage.tokens_cached for response in responses)
        assert read[2] < 50  # three of four found the beginning in the cache
        assert responses[0].usage.tokens_in > 500

    async def test_more_calls_than_slots_are_all_answered(self, smollm2):
        answers, _ = await ask("local", *(f"Is lot {number} ready?" for number in range(6)), form=Ready)
        assert len(answers) == 6

    async def test_one_server_serves_all_who_name_the_file(self, smollm2):
        from negosim.models import _local

        before, running = _local.serve(smollm2), set(_local._servers)
        await ask("local", "Offer lot 3.", form=Ready)
        await ask(f"gguf:{smollm2}", "Offer lot 3.", form=Ready)
        assert _local.serve(smollm2) == before
        assert set(_local._servers) == running

    async def test_a_prompt_beyond_the_context_stops_at_once(self, smollm2):
        model = open_model("local")
        request = ChatRequest((Message("user", LONG * 30),), {"type": "object"}, "Any", 0, 0.5, 10)
        with pytest.raises(ModelError, match="longer than the model's context") as caught:
            await model.complete(request)
        await model.close()
        assert caught.value.requests == 1

    async def test_an_answer_cut_off_is_reported_as_such(self, smollm2):
        model = open_model("local")
        request = ChatRequest(messages("Offer lot 3."), answer_schema(Offer), "Offer", 0, 0.5, 3)
        response = await model.complete(request)
        await model.close()
        assert (response.finish, response.usage.tokens_out) == ("length", 3)

    async def test_check_tells_what_works(self, smollm2):
        report = await check_model("local?max_tokens=200")
        assert report.answered, report.problem
        assert (report.mode, report.usage) == ("json_schema", True)
        assert report.tokens_cached > 1000
        assert report.tokens_per_second is not None
        assert report.tokens_per_second > 1
        assert report.seconds > 0
