"""Hostile templates: whatever a scenario pack brings, what comes of it is text or one message."""

import json
import pickle
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.config import RunConfig
from negosim.engine import preview
from negosim.errors import UserError
from negosim.prompts import Prompts, TemplateFolder, Templates
from negosim.scenarios import Role, load_scenario

Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Return a function that renders a pack's `conclude.j2`, and other files of the pack if given."""

    def rendered(text: str, values: dict[str, object] | None = None, **others: str) -> str:
        for name, content in {"conclude": text, **others}.items():
            (tmp_path / f"{name}.j2").write_text(content, encoding="utf-8")
        return Prompts("viatex", str(tmp_path)).render("conclude", values or {})

    return rendered


@pytest.fixture
def role() -> Role:
    return load_scenario("viatex").roles[0]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "/proc/self/environ",
        "../x",
        "../x.j2",
        "a/../state.j2",
        "./state.j2",
        "..\\\\x.j2",
        "C:\\\\x.j2",
        "state.j2/",
        "STATE.j2",
        "state.j2\\x00",
        "st\u0430te.j2",
        ".j2",
        "",
    ],
)
@pytest.mark.parametrize(
    "tag", ["include {}", "include {} ignore missing", "import {} as x", "from {} import x"]
)
def test_a_path_is_no_name_of_a_template(render: Render, tag: str, name: str) -> None:
    with pytest.raises(UserError, match=r"conclude\.j2, line 2: .* is no template's name"):
        render("\n{% " + tag.format(f'"{name}"') + " %}")


@pytest.mark.parametrize(
    "text",
    [
        '{% include "/etc/" ~ "passwd" %}',
        '{% include ["state.j2", "/etc/passwd"] %}',
        "{% include secret %}",
        "{% import secret as x %}",
        '{% from secret if true else "state.j2" import x %}',
    ],
)
def test_a_template_to_include_is_named_in_quotes(render: Render, text: str) -> None:
    with pytest.raises(UserError, match=r"conclude\.j2, line 1: .*named in quotes"):
        render(text, {"secret": "/etc/passwd"})


@given(name=st.text(max_size=30) | st.from_regex(r"[./\\a-z_-]+(\.j2)?", fullmatch=True))
def test_nothing_but_names_is_looked_up(name: str) -> None:
    class Watched:
        def joinpath(self, child: str) -> "Watched":
            assert re.fullmatch(r"known\.j2|_[a-z0-9]+(-[a-z0-9]+)*\.j2", child)
            return self

        def is_file(self) -> bool:
            return False

    assert Templates([TemplateFolder(Watched())], ("known",)).source(name) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["../speak", "/etc/passwd", "a b", "A"])
def test_a_planner_s_own_templates_have_names_too(name: str) -> None:
    with pytest.raises(UserError, match="is no template's name; names are lower-case words"):
        Prompts("viatex", own=(name,))


def test_only_known_templates_and_the_pack_s_own_parts_are_there(render: Render, tmp_path: Path) -> None:
    assert render('{% include "_polite-tone.j2" %}', **{"_polite-tone": "Please."}) == "Please."
    macros = {"_say": "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}"}
    assert render('{% from "_say.j2" import twice %}{{ twice("a") }}', **macros) == "aa"
    for missing in ("remarks.j2", "_gone.j2"):
        with pytest.raises(
            UserError,
            match=rf"line 1: .*there is no template '{missing}'; known are _looking.j2, _move",
        ):
            render(f'{{% include "{missing}" %}}')
    (tmp_path / "remarks.j2").write_text("x")
    with pytest.raises(UserError, match=r"remarks\.j2: no stage is named so; .* begins with _"):
        Prompts("viatex", str(tmp_path))


def test_a_part_counts_in_the_hash_of_what_includes_it(tmp_path: Path) -> None:
    (tmp_path / "conclude.j2").write_text('{% include "_tone.j2" %}')
    hashes = []
    for tone in ("Please.", "Now!"):
        (tmp_path / "_tone.j2").write_text(tone)
        hashes.append(Prompts("viatex", str(tmp_path)).hash())
    assert hashes[0] != hashes[1]


@pytest.mark.parametrize("scenario", ["..", "../other", "/etc", "a/b", "a\\b"])
def test_a_scenario_is_named_by_its_id(scenario: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no scenario's id"):
        Prompts(scenario, str(tmp_path))


@pytest.mark.parametrize("link", ["conclude.j2", "viatex/conclude.j2", "viatex", "_part.j2"])
@pytest.mark.parametrize("how", ["--prompts", "NEGOSIM_PATH"])
def test_links_out_of_the_pack_are_refused(
    link: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, pack = tmp_path / "outside", tmp_path / "pack" / "prompts"
    for folder in (outside, pack):
        folder.mkdir(parents=True)
    for name in ("conclude.j2", "_part.j2"):
        (outside / name).write_text("secret")
    (pack / "conclude.j2").write_text('{% include "_part.j2" %}')
    (pack / link).parent.mkdir(exist_ok=True)
    (pack / link).unlink(missing_ok=True)
    (pack / link).symlink_to(outside if link == "viatex" else outside / Path(link).name)
    if how == "NEGOSIM_PATH":
        monkeypatch.setenv("NEGOSIM_PATH", str(pack.parent))
    with pytest.raises(UserError, match=r"is a link to .*outside.*; put the file itself there"):
        Prompts("viatex", str(pack) if how == "--prompts" else None).render("conclude", {})


def test_links_within_the_pack_and_to_the_pack_are_fine(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "speak.j2").write_text("same")
    (tmp_path / "pack" / "conclude.j2").symlink_to("speak.j2")
    (tmp_path / "mine").symlink_to("pack")
    assert Prompts("viatex", str(tmp_path / "mine")).render("conclude", {}) == "same"


def test_what_stands_in_a_template_s_place_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "conclude.j2").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"conclude\.j2: is no file"):
        Prompts("viatex", str(tmp_path)).render("conclude", {})


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\xff\xfe", r"not UTF-8 text \(byte 0\)"), (b"x" * 60_000, "is longer than 50,000 bytes")],
)
def test_a_template_that_cannot_be_read_is_named(content: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "conclude.j2").write_bytes(content)
    prompts = Prompts("viatex", str(tmp_path))
    with pytest.raises(UserError, match=rf"conclude\.j2: {what}"):
        prompts.render("conclude", {})
    with pytest.raises(UserError, match=rf"conclude\.j2: {what}"):
        prompts.hash()


# What templates are handed are pydantic models: they could read files and pickles.
READERS = [
    '{{ role.parse_file("FILE") }}',
    '{{ role["parse_file"]("FILE") }}',
    '{{ (role | attr("parse_file"))("FILE") }}',
    '{{ ([role] | map(attribute="parse_file") | first)("FILE") }}',
    '{{ ([role] | map("attr", "parse_file") | first)("FILE") }}',
    '{{ "{0.parse_file}".format(role) }}',
    '{{ role.model_fields["payoff"].annotation.parse_file("FILE") }}',
    '{{ role.parse_raw(PICKLE, proto="pickle", allow_pickle=True) }}',
    '{{ role.model_validate_json("{}") }}',
    "{{ role.__class__ }}",
    "{{ number.__globals__ }}",
    '{{ ""["__class__"] }}',
    '{{ "{0.__init__.__globals__}".format(role) }}',
    '{{ "{0.__class__}".format_map(role) }}',
    "{{ self._TemplateReference__context }}",
]


class _Runs:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return pytest.fail, ("a template ran code",)


@pytest.mark.parametrize("text", READERS)
def test_no_method_but_those_for_templates_can_be_reached(
    render: Render, role: Role, tmp_path: Path, text: str
) -> None:
    (tmp_path / "card").write_text("sesame")
    payload = json.dumps(pickle.dumps(_Runs(), protocol=0).decode("latin-1"))
    text = text.replace("FILE", str(tmp_path / "card")).replace("PICKLE", payload)
    with pytest.raises(UserError, match=r"conclude\.j2, line 1: cannot be rendered") as raised:
        render(text, {"role": role, "number": load_scenario})
    assert "sesame" not in str(raised.value)


DOUBLED = "{% for i in range(100) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}"
COSTLY = [
    "{% for i in range(10**9) %}{% endfor %}",
    "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
    "{% for i in range(90000) %}{% for j in range(90000) if false %}{% endfor %}{% endfor %}",
    "{% set x %}{% for i in range(90000) %}{% for j in range(90000) %}y{% endfor %}{% endfor %}{% endset %}",
    "{{ 'x' * 10**9 }}",
    "{{ 10**9 * 'x' }}",
    "{{ [[1] * 1000] * 100000 }}",
    "{{ 10**10**10**10 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%.1000000000f' | format(1) }}",
    "{{ '%*d' % (10**9, 1) }}",
    "{{ '%(a)1000000000d' % {'a': 1} }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{w}}'.format(1, w=10**9) }}",
    "{{ 'x' | center(10**9) }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x\\ny' | indent(10**9) }}",
    "{{ 'x'.expandtabs(10**9) ~ '\\t'.expandtabs(10**9) }}",
    "{{ [1] | batch(10**9, 'x') }}",
    "{{ [1] | slice(10**9) | list }}",
    "{{ 15 | round(-10**9) }}",
    "{{ 'x' * 1000 | replace('x', 'y' * 100000) }}{{ ('x' * 10000).replace('x', 'y' * 100000) }}",
    "{{ (['x' * 100000] * 10000) | join }}",
    "{{ ','.join(['x' * 100000] * 10000) }}",
    "{{ ([[1]] * 100000) | sum(start=[]) }}",
    "{% filter center(10**9) %}x{% endfilter %}",
    "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=10) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "{% set ns = namespace(x=(1,)) %}" + DOUBLED + "{{ ns.x }}",
    "{% set ns = namespace(x=(1,)) %}" + DOUBLED + "{{ ns.x == 1 }}",
    "{% set ns = namespace(x=(1,)) %}" + DOUBLED + "{{ {ns.x: 1} }}",
    "{% set ns = namespace(x=(1,)) %}" + DOUBLED + "{{ {}[ns.x] }}",
    "{% set ns = namespace(x=(1,)) %}" + DOUBLED + "{{ ns.x() }}",
    "{% set x = 'x' * 100000 %}{% for i in range(90000) %}{{ 'y' in x }}{% endfor %}",
    "{% set x = 'x' * 100000 %}{% for i in range(90000) %}{% set y = x[1:] %}{% endfor %}",
    "{% set x = range(90000) | list %}{% for i in range(90000) %}{% set y = x | sort %}{% endfor %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% macro a(n) %}{% if n %}{{ a(n-1) }}{{ a(n-1) }}{% endif %}{% endmacro %}{{ a(60) }}",
    "{% macro a(f) %}{{ f(f) }}{% endmacro %}{{ a(a) }}",
    "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    '{% include "conclude.j2" %}',
    '{% include "speak.j2" %}',
    "{{ 'x' * ([-10**9] | map('negosim spend') | list | length + 10**9) }}",
    "{{ 1 / 0 }}",
    "{{ 10.0 ** 1000 }}",
    "{{ 1 + 'x' }}",
    "{{ nothing.here }}",
    "{{ lipsum(n=10**9) }}",
]


@pytest.mark.parametrize("text", COSTLY)
def test_what_would_never_end_or_fill_the_memory_is_an_error_of_its_line(render: Render, text: str) -> None:
    began = time.process_time()
    with pytest.raises(UserError, match=r"conclude\.j2, line 2: |speak\.j2, line 1: "):
        render("\n" + text, speak='{% include "conclude.j2" %}')
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
        "{% if 1 %}" * 800 + "{% endif %}" * 800,
        "{% for i in x %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "9" * 5000 + " }}",
        "{{ x",
        "{# x",
        "{% extends 'speak.j2' %}",
        "{% block a %}{% endblock %}",
        "{% autoescape true %}x{% endautoescape %}",
        "{{ 'x' | random }}",
        "{{ 'x' | safe }}",
    ],
)
def test_what_does_not_compile_is_an_error_of_its_file(render: Render, text: str) -> None:
    with pytest.raises(UserError, match=r"/conclude\.j2[:,]"):
        render(text, {"x": [1]})


@pytest.mark.parametrize(
    "text",
    [
        "{{ role }}",
        "{{ [role] }}",
        "{{ role ~ '' }}",
        "{{ '%s' % role }}",
        "{{ [role] | join }}",
        "{{ role | upper }}",
    ],
)
def test_what_is_no_text_is_not_written_as_python_would(render: Render, role: Role, text: str) -> None:
    with pytest.raises(UserError, match="a Role cannot be written as text"):
        render(text, {"role": role})


def test_what_prompts_need_still_works(render: Render, role: Role) -> None:
    text = """\
{% set names = namespace(all=[]) %}{% for issue in issues if issue.id != "x" %}
{%- set names.all = names.all + [issue.name | lower] %}
{{- loop.index }}/{{ loop.length }} {{ "%-6s|%5.1f" % (issue.id[:6], 1000000) }}{{ "," if not loop.last }}
{% endfor -%}
{{ names.all | join("; ") }} {{ role.interests | length }} {{ "{:,} {x!r}".format(1000000, x="y") }}
{{ {"a": [1, "ü<"]} | tojson }} {{ [3, 1, 2] | sort | map("string") | join }} {{ 7 // 2 * 2 ** 3 % 5 }}
{%- call(x) twice("-") %} {{ x }}{% endcall %}{{ issues | map(attribute="id") | first | replace("-", "_") }}
{{ issues[0].label(issues[0].values[0]) }} {{ "a,b".split(",") | last }} {{ {"k": 1}.get("z", 2) }}"""
    macro = "{% macro twice(x) %}{{ caller(x) }}{{ caller(x) }}{% endmacro %}"
    scenario = load_scenario("viatex")
    written = render(macro + text, {"role": role, "issues": scenario.issues[:2]})
    first, second = scenario.issues[:2]
    assert written.splitlines() == [
        f"1/2 {first.id[:6]:<6}|1000000.0,",
        f"2/2 {second.id[:6]:<6}|1000000.0",
        f"{first.name.lower()}; {second.name.lower()} {len(role.interests)} 1,000,000 'y'",
        f'{{"a": [1, "ü<"]}} 123 4 - -{first.id.replace("-", "_")}',
        f"{first.label(first.values[0])} b 2",
    ]


def test_renderings_do_not_share_what_they_cost_or_keep(render: Render) -> None:
    big = "{{ 'x' * 300000 }}"
    assert len(render(big)) == len(render(big)) == 300_000
    counting = {
        "_count": "{% set ns = namespace(n=0) %}"
        "{% macro up() %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endmacro %}"
    }
    prompts = '{% from "_count.j2" import up %}{{ up() }}'
    assert render(prompts, **counting) == render(prompts, **counting) == "1"


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "speak.j2").write_text("Speak.\n{{ 'x' * 10**9 }}")
    with pytest.raises(UserError, match=r"speak\.j2, line 2: .*more than 5,000,000 steps"):
        preview(RunConfig(scenarios=("viatex",), prompts=str(tmp_path)), 0, "speak")
