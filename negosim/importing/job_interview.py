"""Job Interview (Yamaguchi et al. 2021): its dialogues, or their acts, whose texts are without speakers."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from negosim.importing._drops import Drops
from negosim.importing._job_interview_chats import chat_of, is_chat
from negosim.importing._row import BadRowError, Row
from negosim.importing._rows import dialogues_of
from negosim.importing._scenario import conversation
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, Said, SourceFile
from negosim.importing._text import detokenize
from negosim.records import Fact
from negosim.scenarios import Scenario

_BETWEEN, _LAST = "<sep>", "<end>"


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has dialogues of the set."""
    return any(is_chat(row) or {"text", "meta_text", "flag"} <= row.keys() for row in rows)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the dialogues; where files of acts do not tell who says what, all stands with one role.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    return dialogues_of(files, drops, _found)


def _found(file: SourceFile, row: Row) -> ImportedDialogue:
    if is_chat(row.content):
        return chat_of(file, row)
    text = str(row.content.get("text") or "").replace(_LAST, _BETWEEN)
    parts = [part for part in text.split(_BETWEEN) if part.strip()]
    if not parts:
        raise BadRowError("no text")
    facts: dict[str, Fact] = {"speakers_known": False}
    acts = str(row.content.get("meta_text") or "")
    if acts and acts != "nan":
        facts["acts"] = " ".join(acts.strip("[]").replace("'", "").replace(",", " ").split())
    return ImportedDialogue(
        id=f"{file.label}-{row.name}",
        where=row.where,
        scenario=frame(),
        frame=frame(),
        turns=[Said(0, detokenize(part)) for part in parts],
        facts=facts,
        split=file.split_of(row),
    )


@lru_cache
def frame() -> Scenario:
    """Return the scenario of a file of acts: two roles, of which the first stands for whoever speaks."""
    return conversation(
        "job-interview",
        ("Recruiter or applicant", "The other of the two"),
        title="A job interview",
        context=(
            "A recruiter and an applicant settle the terms of a job: position, company, salary, holidays and "
            "workplace. The record does not tell which of them says what: all stands under one name."
        ),
        source="Yamaguchi, Iwasa and Fujita (2021), Job Interview",
    )


IMPORTER = Importer(
    title="Job Interview: people settle the terms of a job",
    licence="MIT",
    citation="Yamaguchi, A., Iwasa, K., & Fujita, K. (2021). Dialogue act-based breakdown detection in "
    "negotiation dialogues. EACL 2021.",
    reward="points of the learner over the terms of the job, 0 without a deal",
    note="data.json has speakers, offers and points; company and position are one issue. In the files of "
    "dialogue acts speakers are not told, and acts do not align with texts: they are facts of the dialogue.",
    recognises=recognises,
    read=read,
)
