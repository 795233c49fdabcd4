"""Orders of agents: drawn, balanced, or the same for all."""

from collections.abc import Mapping, Sequence
from random import Random

from negosim.seeding import Seed
from negosim.study._schema import Study, StudyBlock


def balanced_rows(count: int) -> list[tuple[int, ...]]:
    """Return the rows of a Williams design: every place and every succession of two equally often.

    An even number of agents needs as many rows, an odd one twice as many (Williams 1949).

    Examples:
        >>> from negosim.study import balanced_rows
        >>> balanced_rows(4)
        [(0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1)]

    """
    first = [0]
    for step in range(1, count):
        first.append((step + 1) // 2 if step % 2 else count - step // 2)
    rows = [tuple((place + start) % count for place in first) for start in range(count)]
    return rows if count % 2 == 0 else [*rows, *(row[::-1] for row in rows)]


def rows_of(study: Study, block: StudyBlock) -> int:
    """Return how many rows the order of a block has."""
    return len(balanced_rows(len(block.agents))) if study.order == "latin-square" else 1


def cells_of(study: Study) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return the cells that persons are put into, by name: their blocks, and the row of the order."""
    groups = [(block.id,) for block in study.blocks] if study.assign == "one" else [_all(study)]
    cells = {}
    for blocks in groups:
        rows = max(rows_of(study, study.block(block)) for block in blocks)
        for row in range(rows):
            parts = [blocks[0]] if study.assign == "one" else []
            parts += [f"row-{row + 1}"] if study.order == "latin-square" else []
            cells["-".join(parts) or "all"] = (blocks, row)
    return cells


def _all(study: Study) -> tuple[str, ...]:
    return tuple(block.id for block in study.blocks)


def order_of_person(study: Study, cell: str, number: int) -> dict[str, tuple[int, ...]]:
    """Return, by block, the positions of its agents in the order in which a person meets them.

    Args:
        study: the study.
        cell: the person's.
        number: the person's.

    """
    blocks, row = cells_of(study)[cell]
    orders = {}
    for id in blocks:
        count = len(study.block(id).agents)
        if study.order == "latin-square":
            rows = balanced_rows(count)
            orders[id] = rows[row % len(rows)]
        else:
            who = ("everybody",) if study.order == "fixed" else (number,)
            drawn = list(range(count))
            _stream(study, "order", id, *who).shuffle(drawn)
            orders[id] = tuple(drawn)
    return orders


def next_cell(study: Study, counts: Mapping[str, int]) -> str | None:
    """Return the next person's cell: one with fewest persons, drawn among several; None: all are full."""
    open_cells = [
        cell for cell in cells_of(study) if study.quota is None or counts.get(cell, 0) < study.quota
    ]
    if not open_cells:
        return None
    fewest = min(counts.get(cell, 0) for cell in open_cells)
    return _stream(study, "cell", sum(counts.values())).choice(
        [cell for cell in open_cells if counts.get(cell, 0) == fewest]
    )


def letters(orders: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], str]:
    """Return what the agents are called for one person, by block and position in its list: "Agent A", ..."""
    met = [(block, agent) for block, order in orders.items() for agent in order]
    return {one: f"Agent {_letter(place)}" for place, one in enumerate(met)}


def _letter(place: int) -> str:
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _stream(study: Study, *names: str | int) -> Random:
    return Seed(study.seed, study.id, 0).stream(*names)
