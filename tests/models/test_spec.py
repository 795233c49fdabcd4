import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.errors import UserError
from negosim.models import ModelSpec, resolve_spec

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,40}", fullmatch=True)
TARGETS = st.one_of(
    st.just("local"),
    NAMES.map("openai:{}".format),
    st.builds(
        "openai:{}@http://{}:{}/v1".format,
        NAMES,
        st.sampled_from(["127.0.0.1", "gpu-7"]),
        st.integers(1, 65535),
    ),
    NAMES.map("gguf:/models/{}.gguf".format),
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "max_tokens": st.integers(1, 100_000),
        "seed": st.integers(0, 2**40),
        "timeout": st.floats(0.01, 1000),
        "max_in_flight": st.integers(1, 1000),
        "rpm": st.integers(1, 10**6),
        "tpm": st.integers(1, 10**8),
    },
)


@given(TARGETS, SETTINGS)
def test_a_spec_survives_the_way_through_its_string(target, settings):
    query = "&".join(f"{key}={value!r}" for key, value in settings.items())
    spec = ModelSpec.parse(f"{target}?{query}" if query else target)
    assert ModelSpec.parse(str(spec)) == spec
    assert {key: getattr(spec, key) for key in settings} == settings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sim", "sim"),
        ("openai:gpt-4o-mini?temperature=0.1", "openai:gpt-4o-mini"),
        ("openai:gpt-4o-mini@https://api.openai.com/v1", "openai:gpt-4o-mini"),
        ("openai:meta/llama-3@http://127.0.0.1:8000/v1/", "openai:meta/llama-3@http://127.0.0.1:8000/v1"),
        ("openai:@cf/llama@https://host/v1", "openai:@cf/llama@https://host/v1"),
        ("gguf:/models/a.gguf?seed=3", "gguf:/models/a.gguf"),
        ("local", "local:smollm2"),
        ("local:smollm2", "local:smollm2"),
    ],
)
def test_records_carry_model_and_server_but_no_settings(text, name):
    assert ModelSpec.parse(text).name == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gpt-4o", "did you mean openai:gpt-4o?"),
        ("models/a.gguf", "did you mean gguf:models/a.gguf?"),
        ("opnai:gpt-4o", "did you mean openai?"),
        ("anthropic:x", "openai:NAME@http://host:port/v1"),
        ("simm", "did you mean sim"),
        ("openai:", "lacks what follows 'openai:'"),
        ("gguf", "lacks what follows 'gguf:'"),
        ("openai:@http://h/v1", "lacks the model's name"),
        ("openai:x@127.0.0.1:8000", "begins with http:// or https://"),
        ("openai:x@http://h:port/v1", "is not a URL"),
        ("openai:x@http:///v1", "is not the URL of a server"),
        ("local:smollm3", "did you mean smollm2?"),
        ("sim?seed=4", "takes no settings"),
        ("openai:x?temprature=1", "did you mean temperature"),
        ("openai:x?temperature=2.5", "a number from 0 to 2, not '2.5'"),
        ("openai:x?temperature=nan", "a number from 0 to 2"),
        ("openai:x?max_tokens=0", "at least 1, not '0'"),
        ("openai:x?max_tokens=many", "not 'many'"),
        ("openai:x?timeout=0", "above 0"),
        ("openai:x?max_in_flight=0", "requests, at least 1, not '0'"),
        ("openai:x?rpm=fast", "requests a minute, at least 1, not 'fast'"),
        ("openai:x?seed=1&seed=2", "given twice"),
        ("openai:x?reasoning_effort=hi", "unknown reasoning_effort 'hi'; did you mean high or xhigh?"),
        ("local?reasoning_effort=low", "a setting of openai:NAME alone"),
    ],
)
def test_a_wrong_spec_says_what_would_be_right(text, says):
    with pytest.raises(UserError) as caught:
        ModelSpec.parse(text)
    assert says in str(caught.value)


def test_what_is_chosen_stays_in_the_name():
    spec = ModelSpec.parse("openai:o4-mini", reasoning_effort="low", mode="prompt")
    assert str(spec) == "openai:o4-mini?mode=prompt&reasoning_effort=low"
    assert ModelSpec.parse(str(spec)) == spec


def test_a_password_in_a_url_is_refused_and_not_repeated():
    with pytest.raises(UserError, match="NEGOSIM_API_KEY") as caught:
        ModelSpec.parse("openai:x@http://me:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


def test_the_simulated_negotiator_is_the_default(monkeypatch):
    assert resolve_spec().kind == "sim"
    monkeypatch.setenv("NEGOSIM_MODEL", "openai:a?seed=2")
    assert str(resolve_spec()) == "openai:a?seed=2"
    assert resolve_spec("local").kind == "local"


def test_openai_base_url_is_part_of_the_recorded_name(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://proxy:8000/v1/")
    assert ModelSpec.parse("openai:gpt-4o").name == "openai:gpt-4o@http://proxy:8000/v1"
