"""The files of a policy's folder, checked without loading torch."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from negosim._checksum import DamageError, check_files, checked
from negosim._files import unreadable
from negosim.errors import UserError

CARD = "policy.json"

WAY_OUT = "restore it from a copy, or train the policy again"


class _Listed(BaseModel):
    """What of a policy's card says which files lie beside it."""

    model_config = ConfigDict(extra="ignore")
    files: dict[str, str] = {}


def card_content(folder: str | Path) -> bytes:
    """Return the JSON that says what a policy is, without its checksum.

    Raises:
        UserError: no policy is there, or the file is damaged.

    """
    path = Path(folder).expanduser() / CARD
    try:
        return checked(path.read_bytes())[0]
    except FileNotFoundError:
        unfinished = any(path.parent.glob("checkpoint-*"))
        hint = (
            "its training has not ended; go on with negosim rl train ... --resume"
            if unfinished
            else "make one with negosim rl train"
        )
        raise UserError(f"{str(folder)!r} is no policy folder (it has no {CARD}); {hint}") from None
    except DamageError as error:
        raise UserError(f"{path}: {error}; {WAY_OUT}") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def check_policy_files(folder: str | Path) -> None:
    """Check that the files of a policy are what was written; a card of another form is left to its reader.

    Raises:
        UserError: no policy is there, or a file of it is damaged or missing; names it.

    """
    try:
        listed = _Listed.model_validate_json(card_content(folder))
    except ValidationError:
        return
    try:
        check_files(Path(folder).expanduser(), listed.files)
    except OSError as error:
        raise unreadable(error.filename or folder, error) from None
    except DamageError as error:
        raise UserError(f"{error}; {WAY_OUT}") from None
