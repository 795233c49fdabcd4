"""Figures of a dialogue's page: the value plane with the path of offers, and concessions."""

from collections.abc import Callable
from functools import lru_cache, partial

from negosim.records import Dialogue
from negosim.reports import OfferPoint, concession_svg, plane_svg
from negosim.scenarios import Scenario
from negosim.terminal import Lens, move_of, replay
from negosim.web.dialogue import DialogueView


def offer_points(dialogue: Dialogue, scenario: Scenario) -> list[OfferPoint]:
    """Return the complete offers of a dialogue with what they were worth to each role."""
    found = []
    for turn, before, after in replay(dialogue, scenario):
        move = move_of(turn, before, after)
        if move is not None and move.verb == "offers" and move.complete:
            values = tuple(scenario.value(role, move.terms) for role in range(len(scenario.roles)))
            found.append(OfferPoint(turn.index, turn.role, values))
    return found


def figures_of(
    shown: DialogueView, dialogue: Dialogue, scenario: Scenario, lens: Lens
) -> dict[str, Callable[[], bytes]]:
    """Return what draws each figure that a dialogue's page has, by name."""
    found: dict[str, Callable[[], bytes]] = {}
    if shown.has_plane:
        found["plane"] = partial(plane_of, dialogue, scenario)
    if shown.has_concessions:
        found["concessions"] = partial(concessions_of, dialogue, scenario, lens)
    return found


def plane_of(dialogue: Dialogue, scenario: Scenario) -> bytes:
    """Return the value plane with the path of a dialogue's offers, as SVG. For those who see every side."""
    return _plane(_Key(dialogue, scenario))


def concessions_of(dialogue: Dialogue, scenario: Scenario, lens: Lens) -> bytes:
    """Return what the offers of the roles shown were worth to themselves, as SVG."""
    return _concessions(_Key(dialogue, scenario), tuple(sorted(lens.private)))


class _Key:
    """A dialogue and its scenario, alike where what is drawn is alike."""

    def __init__(self, dialogue: Dialogue, scenario: Scenario) -> None:
        self.dialogue, self.scenario = dialogue, scenario
        self._parts = (
            scenario.model_dump_json(),
            dialogue.id,
            dialogue.seed,
            dialogue.turns,
            dialogue.outcome.values,
        )

    def __hash__(self) -> int:
        return hash(self._parts[:3])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts


@lru_cache(maxsize=32)
def _plane(of: _Key) -> bytes:
    agreed = of.dialogue.outcome.status == "agreement"
    return plane_svg(
        of.scenario, offer_points(of.dialogue, of.scenario), of.dialogue.outcome.values if agreed else None
    )


@lru_cache(maxsize=32)
def _concessions(of: _Key, roles: tuple[int, ...]) -> bytes:
    points = offer_points(of.dialogue, of.scenario)
    curves = []
    for role in roles:
        reservation = of.scenario.roles[role].payoff.reservation
        span = float(of.scenario.space.values[:, role].max()) - reservation
        made = [point for point in points if point.role == role] if span > 0 else []
        curves.append((role, [(each.turn, (each.values[role] - reservation) / span) for each in made]))
    return concession_svg(curves)
