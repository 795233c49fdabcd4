"""Display of a run that is made: the dialogue as it happens, or the progress of many."""

from collections.abc import Callable
from typing import IO, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status
from rich.text import Text

from negosim._text import one_line
from negosim.engine import (
    DialogueFinished,
    DialogueStarted,
    Event,
    ModelSized,
    RunStarted,
    ServerSaid,
    TurnFinished,
)
from negosim.scenarios import Scenario
from negosim.store import Run
from negosim.table import opening_table
from negosim.terminal.colours import colour
from negosim.terminal.console import interactive, print_view
from negosim.terminal.lens import lens_of
from negosim.terminal.outcome import outcome_view
from negosim.terminal.plain import dialogue_line, ending_lines, header_lines, turn_lines
from negosim.terminal.summary import progress_line, summary_lines, summary_view
from negosim.terminal.tally import Tally
from negosim.terminal.transcript import header, turn_view

Print = Callable[[str], None]


class Display(Protocol):
    """One way to show a run that is being made."""

    def show(self, event: Event) -> None:
        """Show an event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class LiveTranscript:
    """One dialogue in panels, each utterance as it is made."""

    def __init__(self, console: Console, *, thoughts: bool) -> None:
        self._console = console
        self._thoughts = thoughts
        self._status: Status | None = None

    def show(self, event: Event) -> None:
        """Print what is new, and say who is thinking now."""
        if isinstance(event, RunStarted | ServerSaid | ModelSized):
            return
        scenario = event.scenario
        lens = lens_of("all", scenario, thoughts=self._thoughts)
        if isinstance(event, DialogueStarted):
            head = (scenario, event.condition, event.opener, event.models, lens, event.dialogue, event.traits)
            print_view(self._console, header(*head))
            self._before = opening_table(scenario)
            self._wait_for(scenario, event.opener)
        elif isinstance(event, TurnFinished):
            print_view(self._console, turn_view(scenario, event.turn, self._before, event.table, lens))
            self._before = event.table
            self._wait_for(scenario, event.next_speaker)
        else:
            self.close()
            print_view(self._console, outcome_view(event.dialogue, scenario, lens))

    def _wait_for(self, scenario: Scenario, role: int | None) -> None:
        if role is None or not interactive(self._console):
            return
        waiting = Text(f"{one_line(scenario.roles[role].name)} is thinking", "dim")
        if self._status is None:
            self._status = self._console.status(waiting)
            self._status.start()
        else:
            self._status.update(waiting)

    def close(self) -> None:
        """Take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None


class PlainTranscript:
    """One dialogue in lines."""

    def __init__(self, write: Print, *, thoughts: bool) -> None:
        self._write = write
        self._thoughts = thoughts

    def show(self, event: Event) -> None:
        """Write what is new."""
        if isinstance(event, RunStarted | ServerSaid | ModelSized):
            return
        lens = lens_of("all", event.scenario, thoughts=self._thoughts)
        if isinstance(event, DialogueStarted):
            self._before = opening_table(event.scenario)
            head = (event.scenario, event.condition, event.opener, event.models, lens)
            lines = header_lines(*head, event.dialogue, event.traits)
        elif isinstance(event, TurnFinished):
            lines = turn_lines(event.scenario, event.turn, self._before, event.table, lens)
            self._before = event.table
        else:
            lines = ending_lines(event.dialogue, event.scenario, lens)
        for line in lines:
            self._write(line)

    def close(self) -> None:
        """Nothing to undo."""


class ProgressDisplay:
    """Many dialogues on a terminal: a bar, and a line of what they come to so far."""

    def __init__(self, console: Console, planned: int, tally: Tally) -> None:
        self._tally = tally
        self._console = console
        self._bar = Progress(
            BarColumn(bar_width=None, complete_style=colour(0), finished_style=colour(0)),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[clock]}"),
            console=console,
            expand=True,
        )
        self._task = self._bar.add_task("", total=planned, completed=tally.total.done, clock="left")
        self._live = Live(self._view(), console=console, refresh_per_second=8)
        self._live.start()

    def _view(self) -> Group:
        return Group(self._bar, Text(progress_line(self._tally.total), overflow="fold"))

    def show(self, event: Event) -> None:
        """Move on when a dialogue ends; a failed one is named above the bar."""
        if isinstance(event, DialogueFinished):
            if event.dialogue.status == "failed":
                line = dialogue_line(event.dialogue, event.scenario)
                self._console.print(line, no_wrap=True, overflow="ellipsis")
            self._bar.advance(self._task)
            if self._bar.finished:
                self._bar.update(self._task, clock="in all")
            self._live.update(self._view())

    def close(self) -> None:
        """Leave the last state, and the summary under it."""
        self._live.stop()
        if self._tally.total.done:
            self._console.print()
            print_view(self._console, summary_view(self._tally))


class PlainProgress:
    """Many dialogues in lines, one each, and the summary at the end."""

    def __init__(self, write: Print, planned: int, tally: Tally) -> None:
        self._tally = tally
        self._write = write
        self._planned = planned

    def show(self, event: Event) -> None:
        """Write a line when a dialogue ends."""
        if isinstance(event, DialogueFinished):
            line = dialogue_line(event.dialogue, event.scenario)
            self._write(f"[{self._tally.total.done}/{self._planned}] {line}")

    def close(self) -> None:
        """Write the summary."""
        if self._tally.total.done:
            for line in summary_lines(self._tally):
                self._write(line)


class JsonLines:
    """Each finished dialogue as one line of JSON, and nothing else."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def show(self, event: Event) -> None:
        """Write a line when a dialogue ends."""
        if isinstance(event, DialogueFinished):
            self._stream.write(event.dialogue.model_dump_json() + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing to undo."""


class Watch:
    """A watcher of `generate` that shows the run in the way the terminal and the options ask for.

    `out` is where the dialogues go. With `json` it gets JSON lines only, and `err` the progress if
    it is a terminal. `thoughts` None is the default: on a terminal, not in plain lines.
    """

    def __init__(
        self,
        out: Console,
        err: Console,
        *,
        json: bool = False,
        thoughts: bool | None = None,
    ) -> None:
        self._out, self._err = out, err
        self._json, self._thoughts = json, thoughts
        self._displays: list[Display] = []
        self._said: dict[str, str] = {}
        """What servers said of dialogues about to fail, by id."""
        self.notice: str | None = None
        """A line for `err`, written once it is certain that there is a run."""
        self.run: Run | None = None
        self.tally = Tally()
        """What is stored so far, dialogues from before a resumption included."""

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, RunStarted):
            self.run = event.run
            if self.notice is not None:
                print(self.notice, file=self._err.file, flush=True)
            for dialogue in event.run:  # of a run that is resumed
                if dialogue.id not in event.again:
                    self.tally.add(dialogue)
            self._displays = self._choose(event.run.header.planned)
        elif isinstance(event, ModelSized):
            print(one_line(str(event)), file=self._err.file, flush=True)
        elif isinstance(event, ServerSaid):
            self._said[event.dialogue] = event.said
            return
        elif isinstance(event, DialogueFinished):
            self.tally.add(event.dialogue)
        for display in self._displays:
            display.show(event)
        if isinstance(event, DialogueFinished) and (said := self._said.pop(event.dialogue.id, "")):
            print(f"{event.dialogue.id}: the server says: {one_line(said)}", file=self._err.file, flush=True)

    def _choose(self, planned: int) -> list[Display]:
        if self._json:
            lines: list[Display] = [JsonLines(self._out.file)]
            return (
                [*lines, ProgressDisplay(self._err, planned, self.tally)] if interactive(self._err) else lines
            )
        if planned == 1:
            if self._out.is_terminal:
                return [LiveTranscript(self._out, thoughts=self._thoughts is not False)]
            return [PlainTranscript(self._write, thoughts=self._thoughts is True)]
        if interactive(self._out):
            return [ProgressDisplay(self._out, planned, self.tally)]
        return [PlainProgress(self._write, planned, self.tally)]

    def _write(self, line: str) -> None:
        print(line, file=self._out.file, flush=True)

    def close(self) -> None:
        """Leave the terminal as it was. To be called whatever happened; a second call does nothing."""
        displays, self._displays = self._displays, []
        for display in displays:
            display.close()
