"""Pages as HTML: templates filled with what a view may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from negosim._text import one_line, plural
from negosim.records import Dialogue
from negosim.scenarios import Scenario
from negosim.store import IndexedDialogue, Run
from negosim.terminal import Lens, lens_of
from negosim.web.columns import PAGE, Column, TableQuery, columns
from negosim.web.dialogue import DialogueView, turn_views
from negosim.web.links import Links

STATIC = ("style.css", "view.js")
"""Files that every page of the viewer needs."""


@cache
def environment() -> Environment:
    """Return the templates: everything put into them is escaped."""
    return Environment(
        loader=PackageLoader("negosim.web"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """Fill a template."""
    return environment().get_template(template).render(plural=plural, **values)


def static_file(name: str) -> bytes:
    """Return a file of the pages' looks or behaviour."""
    return (files("negosim.web") / "static" / name).read_bytes()


def views_of(scenarios: Sequence[Scenario]) -> list[tuple[str, str]]:
    """Return the views there are, as (name in addresses, words)."""
    roles = max((len(scenario.roles) for scenario in scenarios), default=2)
    sides = [(str(role + 1), f"Side {role + 1}") for role in range(roles)]
    return [("public", "Public"), *sides, ("all", "Everything")]


@dataclass(frozen=True)
class PageContext:
    """Where a page stands: which run, through whose eyes, with which neighbours."""

    links: Links
    key: str
    """The run's name in addresses."""
    view: str
    views: Sequence[tuple[str, str]]
    """The views a reader can choose from; one alone is no choice."""


def dialogue_page(
    place: PageContext,
    number: int,
    shown: DialogueView,
    *,
    before: int | None = None,
    after: int | None = None,
    partners: Sequence[IndexedDialogue] = (),
) -> str:
    """Return the page of one dialogue.

    Args:
        place: where it stands.
        number: the dialogue's number in its run.
        shown: the dialogue as the place's view sees it.
        before: number of the dialogue before it.
        after: number of the one after it.
        partners: dialogues on the same seed under other conditions, where the view may know.

    """
    return render(
        "dialogue.html",
        place=place,
        links=place.links,
        number=number,
        shown=shown,
        before=before,
        after=after,
        partners=partners if shown.truth else (),
    )


def beside_page(place: PageContext, run: Run, pair: Sequence[tuple[int, Dialogue]]) -> str:
    """Return the page of dialogues of one scenario side by side, for those who see everything.

    Args:
        place: where it stands.
        run: their run.
        pair: the dialogues, each with its number.

    """
    scenario = run.scenario_of(pair[0][1])
    lens = lens_of("all", scenario)
    sides = [tuple(turn_views(dialogue.turns, scenario, lens)) for _, dialogue in pair]
    return render(
        "beside.html",
        place=place,
        links=place.links,
        pair=pair,
        rows=list(zip_longest(*sides)),
        title=one_line(scenario.title),
    )


def run_page(
    place: PageContext,
    run: Run,
    question: TableQuery,
    seen: Sequence[Column],
    every: Sequence[Column],
    rows: Sequence[IndexedDialogue],
    found: int,
    **values: Any,
) -> str:
    """Return a page of a run's table of dialogues.

    Args:
        place: where it stands.
        run: the run.
        question: what the reader asked for.
        seen: the columns shown.
        every: the columns there are to choose from, for this view.
        rows: the dialogues of the page.
        found: how many there are on all pages.
        values: what else the template needs: `stored`, `stopped`, `reading`, `making`, `damaged`,
            `lost`, `choices`, `private`.

    """
    table = [(row.number, [(column, column.cell(row)) for column in seen]) for row in rows]
    return render(
        "run.html",
        place=place,
        links=place.links,
        name=one_line(place.key),
        run=run,
        planned=run.header.planned,
        question=question,
        seen=seen,
        every=every,
        table=table,
        found=found,
        pages=max(1, -(-found // PAGE)),
        **values,
    )


def lens_for_run(view: str, run: Run) -> Lens:
    """Return the lens of a view over all scenarios of a run.

    Raises:
        UserError: no scenario of the run has such a role.

    """
    widest = max(run.header.scenarios.values(), key=lambda scenario: len(scenario.roles))
    return lens_of(view, widest)


def columns_of(run: Run, lens: Lens) -> list[Column]:
    """Return the columns that say something of a run, and that a view may see."""
    roles = max(len(scenario.roles) for scenario in run.header.scenarios.values())
    return [one for one in columns(roles) if one.seen_by(lens) and _fits(one.key, run)]


def _fits(key: str, run: Run) -> bool:
    """Tell whether a column of a role's says anything of this run."""
    name, _, role = key.rpartition("_")
    scenarios = run.header.scenarios.values()
    if name == "value":
        return any(len(one.roles) >= int(role) and one.has_deals for one in scenarios)
    if name == "reward":
        return any(len(one.roles) >= int(role) and one.roles[int(role) - 1].reward for one in scenarios)
    return True
