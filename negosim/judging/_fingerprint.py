"""Fingerprints of judges: a short hash of everything their answers depend on besides the dialogue."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import orjson

from negosim import registry
from negosim.judging._protocol import ORACLE, PERSON, Judge, Questionnaire
from negosim.models import ModelClient
from negosim.prompts import Prompts
from negosim.store import Run
from negosim.taxonomies import Taxonomy

SHOWING = ("observer", "system", "turn", "thought", "state")
"""The templates that show a dialogue to a judge."""


class Fingerprints:
    """The fingerprints of one judging; `describe` is told what each stands for."""

    def __init__(
        self,
        run: Run,
        prompts: Mapping[str, Prompts],
        taxonomies: Sequence[Taxonomy],
        judges: Mapping[str, Judge | None],
        describe: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._run = run
        self._prompts = prompts
        self._taxonomies = {taxonomy.id: _hash(taxonomy.model_dump(mode="json")) for taxonomy in taxonomies}
        self._judges = judges
        self._describe = describe
        self._known: dict[tuple[str, str], str] = {}

    def of(self, judge: str, client: ModelClient | None, questionnaire: Questionnaire) -> str:
        """Return the fingerprint of a judge's answers to what a questionnaire asks."""
        key = judge, questionnaire.id
        if key not in self._known:
            content = self._content(judge, client, questionnaire)
            self._known[key] = _hash(content)[:16]
            self._describe(self._known[key], content)
        return self._known[key]

    def _content(
        self, judge: str, client: ModelClient | None, questionnaire: Questionnaire
    ) -> dict[str, Any]:
        contents = {name: questionnaire.content(item) for name, item in self._run.header.scenarios.items()}
        content: dict[str, Any] = {
            "judge": judge,
            "questions": questionnaire.id,
            "content": {name: _hash(item) for name, item in contents.items() if item is not None},
        }
        if judge.startswith(PERSON):
            return content  # a person goes on after an upgrade, if what is asked is the same
        content["negosim"] = version("negosim")
        code = self._judges.get(judge)
        if code is not None and judge != ORACLE:
            content["code"] = registry.code_hash(code)
            if (known := getattr(code, "fingerprint", None)) is not None:
                content["settings"] = known
        if judge != ORACLE:
            content["taxonomies"] = self._taxonomies
        if client is not None:
            names = (*SHOWING, *questionnaire.templates)
            content["prompts"] = {name: item.hash(names) for name, item in self._prompts.items()}
            content["model"] = {
                "name": client.model.name,
                "temperature": client.temperature,
                "max_tokens": client.max_tokens,
                "seed": client.seed,
                "attempts": client.attempts,
                **client.about,
            }
        return content


def _hash(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
