"""Status of a study: counts, where people left, what it cost."""

from collections import Counter
from dataclasses import dataclass

from negosim.study._order import cells_of
from negosim.study.storage import StudyStore

STATUSES = ("invited", "active", "completed", "declined", "withdrawn")


@dataclass(frozen=True)
class StudyStatus:
    """Where a study stands."""

    people: dict[str, int]
    """By status; everybody has a link."""
    cells: dict[str, tuple[int, int]]
    """By cell: under way, and completed."""
    quota: int | None
    standing: dict[str, int]
    """Where those stand who have begun and are not done, by kind of stage, in order."""
    talks: dict[str, int]
    """By status, practice left out."""
    usd: float
    tokens: int
    priced: bool
    """Whether every price is known."""
    paused: str


def status_of(store: StudyStore) -> StudyStatus:
    """Count a study."""
    people = store.people()
    counts = Counter(person["status"] for person in people)
    usd, tokens, priced = store.spent()
    active = [person for person in people if person["status"] == "active"]
    stands = [(person["position"], store.stages(person)[person["position"]].kind) for person in active]
    return StudyStatus(
        people={status: counts[status] for status in STATUSES},
        cells={
            cell: (
                sum(person["cell"] == cell for person in active),
                sum(person["cell"] == cell and person["status"] == "completed" for person in people),
            )
            for cell in cells_of(store.study)
        },
        quota=store.study.quota,
        standing=dict(Counter(kind for _, kind in sorted(stands))),
        talks=dict(Counter(talk["status"] for talk in store.talks() if not talk["practice"])),
        usd=usd,
        tokens=tokens,
        priced=priced,
        paused=store.paused,
    )
