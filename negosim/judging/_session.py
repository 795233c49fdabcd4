"""Filling in the sheets of a run that are missing, several at once, each stored when it is done."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from negosim.judging._ask import SetQuestionnaire
from negosim.judging._events import DialogueJudged, JudgingEvent, SheetFinished
from negosim.judging._filling import Assignment, JudgingTask, Material, MissingSheet, SheetFiller
from negosim.judging._fingerprint import Fingerprints
from negosim.judging._protocol import ORACLE, Judge, Questionnaire
from negosim.models import ModelClient
from negosim.records import Dialogue, Sheet
from negosim.seeding import Seed
from negosim.store import Run, SheetWriter, answered_keys

if TYPE_CHECKING:
    from negosim.judging._remote import RemoteJudging

logger = logging.getLogger(__name__)


class Session:
    """One judging of a run."""

    def __init__(
        self,
        run: Run,
        judges: Mapping[str, Judge | None],
        asked: Sequence[Assignment],
        material: Material,
        *,
        repeats: int,
        sample: int | None,
        writer: SheetWriter,
        watch: Callable[[JudgingEvent], None],
    ) -> None:
        self._run = run
        self._judges = judges
        self._asked = asked
        self._material = material
        self._repeats = repeats
        self._writer = writer
        self._watch = watch
        self._fingerprints = Fingerprints(
            run,
            material.prompts,
            [taxonomy for each in material.taxonomies.values() for taxonomy in each],
            judges,
            writer.describe_judge,
        )
        self._filler = SheetFiller(run, judges, material)
        self._sample = {name: drawn(run, name, sample) for name in run.header.scenarios}

    async def fill_in(self, concurrency: int) -> None:
        """Fill in every missing sheet, in the order of the dialogues; the first error of ours stops it."""
        readings = self._readings()

        async def worker() -> None:
            for reading in readings:
                await self._read(reading)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(worker())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    def _readings(self) -> Iterator[JudgingTask]:
        """Yield what is missing, reading one dialogue after the other."""
        answered = answered_keys(self._run.path)
        for dialogue in self._run:
            if dialogue.status == "failed":
                self._watch(DialogueJudged(dialogue.id, "failed"))
            elif dialogue.index not in self._sample[dialogue.scenario]:
                self._watch(DialogueJudged(dialogue.id, "not in the sample"))
            else:
                yield from self._missing(dialogue, answered)

    def _missing(self, dialogue: Dialogue, answered: Collection[tuple[object, ...]]) -> list[JudgingTask]:
        """Return what is to be asked about a dialogue."""
        found: dict[tuple[str, str, ModelClient | None], list[MissingSheet]] = {}
        scenario = self._run.scenario_of(dialogue)
        known = 0
        for asked in self._asked:
            questionnaire = asked.questionnaire
            judges = [name for name in self._judges if self._can_answer(name, questionnaire)]
            for judge, perspective in questionnaire.seats(dialogue, scenario, judges):
                client = asked.clients.get(judge)
                fingerprint = self._fingerprints.of(judge, client, questionnaire)
                # What is no model would say the same again.
                for repeat in range(self._repeats if client else 1):
                    key = (dialogue.id, questionnaire.id, perspective, judge, fingerprint, repeat)
                    if key in answered:
                        known += 1
                    else:
                        sheets = found.setdefault((judge, perspective, client), [])
                        sheets.append(MissingSheet(questionnaire, fingerprint, repeat))
        left = len(found)

        def done() -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                self._watch(DialogueJudged(dialogue.id, known=known))

        if not found:
            done()
        return [
            JudgingTask(dialogue, judge, perspective, client, sheets, done)
            for (judge, perspective, client), sheets in found.items()
        ]

    def _can_answer(self, judge: str, questionnaire: Questionnaire) -> bool:
        """Tell whether a judge can be asked: a plugin's code answers question sets alone."""
        code = self._judges[judge]
        return code is None or judge == ORACLE or isinstance(questionnaire, SetQuestionnaire)

    async def _read(self, reading: JudgingTask) -> None:
        async for sheet in self._filler.fill_in(reading):
            self._take(sheet)
        reading.done()
        await asyncio.sleep(0)  # the oracle never waits for anything; let Ctrl-C through

    def _take(self, sheet: Sheet) -> None:
        self._writer.append(sheet)
        self._watch(SheetFinished(sheet))

    async def fill_in_elsewhere(self, remote: "RemoteJudging") -> None:
        """Fill in every missing sheet in a cluster; the first error of ours stops it."""
        async for sheet in remote.sheets(self._readings(), [one.questionnaire for one in self._asked]):
            self._take(sheet)


def drawn(run: Run, scenario: str, sample: int | None) -> Collection[int]:
    """Return the indices of the dialogues to be judged; a larger sample has the smaller ones in it."""
    indices = range(run.config.dialogues)
    if sample is None:
        return indices
    drawn = list(indices)
    Seed(run.config.seed, scenario, 0).stream("judging", "sample").shuffle(drawn)
    return frozenset(drawn[:sample])
