"""Pages as files: a run as a folder that opens from disk, a dialogue as one file."""

from pathlib import Path

from negosim._files import whole_folder
from negosim.errors import UserError
from negosim.store import Run, RunIndex
from negosim.terminal import Lens, lens_of
from negosim.web.columns import PAGE, TableQuery, chosen
from negosim.web.dialogue import dialogue_view, seen_in
from negosim.web.figures import figures_of
from negosim.web.links import FileLinks, FolderLinks
from negosim.web.pages import (
    STATIC,
    PageContext,
    beside_page,
    columns_of,
    dialogue_page,
    lens_for_run,
    run_page,
    static_file,
    views_of,
)
from negosim.web.run_folders import lost


def write_bundle(run: str | Path, folder: str | Path, *, view: str = "public") -> int:
    """Write the pages of a run into a new folder, which opens from disk and from any web host.

    Args:
        run: the run folder.
        folder: what to make; there must be none of the name, or an empty one.
        view: whose eyes: "public", a side's number, or "all". What it may not see is in no file.

    Returns:
        How many dialogues have a page.

    Raises:
        UserError: there is no such run or view, a dialogue cannot be read, or the folder cannot be written.

    Examples:
        >>> import negosim
        >>> from negosim.web import write_bundle
        >>> run = negosim.generate(negosim.RunConfig(scenarios="viatex", dialogues=2), out="bundled-run")
        >>> write_bundle("bundled-run", "pages")
        2

    """
    opened = Run.open(run)
    index = RunIndex(opened)
    index.refresh()
    if damaged := index.damaged():
        raise UserError(f"{opened.path / damaged[0][0]}, from byte {damaged[0][1]}: {damaged[0][2]}")
    if cut := lost(opened, index):
        raise UserError(cut)
    lens = lens_for_run(view, opened)
    words = [each for each in views_of(list(opened.header.scenarios.values())) if each[0] == view]
    place = PageContext(FolderLinks(), opened.path.resolve().name, view, words or [(view, view)])
    count = index.count()
    with whole_folder(Path(folder)) as part:
        for name in STATIC:
            (part / name).write_bytes(static_file(name))
        for page in range(1, max(1, -(-count // PAGE)) + 1):
            name = place.links.run(place.key, view, page=str(page))
            _write(part / name, _table(place, opened, index, lens, page))
        for number in range(1, count + 1):
            _write_dialogue(part, place, opened, index, number, count)
    return count


def _table(place: PageContext, run: Run, index: RunIndex, lens: Lens, page: int) -> str:
    every = columns_of(run, lens)
    rows = index.find(limit=PAGE, offset=(page - 1) * PAGE)
    count = index.count()
    nothing: dict[str, list[str]] = {}
    return run_page(
        *(place, run, TableQuery(page=page), chosen(every, ()), every, rows, count),
        stored=count,
        stopped=False,
        private=False,
        reading=False,
        making=[],
        damaged=[],
        lost=None,
        choices=nothing,
    )


def _write_dialogue(
    part: Path, place: PageContext, run: Run, index: RunIndex, number: int, count: int
) -> None:
    dialogue = index.dialogue(number)
    scenario = run.scenario_of(dialogue)
    lens = lens_of(place.view, scenario)
    shown = dialogue_view(dialogue, scenario, lens, index.sheets(dialogue.id))
    partners = []
    if shown.truth:  # only dialogues of one scenario stand side by side
        others = [(one, index.dialogue(one.number)) for one in index.partners(number, dialogue)]
        partners = [(one, other) for one, other in others if run.scenario_of(other) == scenario]
    page = dialogue_page(
        *(place, number, shown),
        before=number - 1 if number > 1 else None,
        after=number + 1 if number < count else None,
        partners=[one for one, _ in partners],
    )
    _write(part / place.links.dialogue(place.key, number, place.view), page)
    for name, draw in figures_of(shown, dialogue, scenario, lens).items():
        (part / place.links.figure(place.key, number, name, place.view)).write_bytes(draw())
    for one, other in partners:
        if one.number > number:
            pair = beside_page(place, run, [(number, dialogue), (one.number, other)])
            _write(part / place.links.pair(place.key, number, one.number), pair)


def _write(file: Path, page: str) -> None:
    file.write_text(page, encoding="utf-8")


def dialogue_html(run: Run, reference: str, *, view: str = "public") -> str:
    """Return a dialogue as one HTML file with everything in itself.

    Args:
        run: the run.
        reference: the dialogue's number or id.
        view: whose eyes.

    Raises:
        UserError: there is no such dialogue or view.

    """
    dialogue, scenario, lens, shown = seen_in(run, reference, view)
    figures = {name: draw() for name, draw in figures_of(shown, dialogue, scenario, lens).items()}
    links = FileLinks({name: static_file(name) for name in STATIC}, figures)
    place = PageContext(links, scenario.title, view, [(view, view)])
    number = next(at for at, one in enumerate(run, 1) if one.id == dialogue.id)
    return dialogue_page(place, number, shown)
