"""A region of a person's terminal that rich redraws in place. Import it only when something is shown."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from kardia_ctl.cli.output import console as messages


class LiveRegion:
    """A few rows at the end of a terminal's output. Losing the terminal raises nothing.

    While the region is on stderr, ``print_message`` prints above it. Draw only escaped text: nothing in it is
    interpreted, but control characters would pass.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._terminal = _Terminal(stream)
        self._live: Live | None = None

    def draw(self, text: Callable[[int], str]) -> bool:
        """Show the text made for the terminal's current width in place of the region's previous one.

        Returns:
            False, and nothing is drawn, when it has more rows than the terminal.
        """
        content = Text(text(self._terminal.width), overflow="fold")
        if len(self._terminal.render_lines(content, pad=False)) >= max(2, self._terminal.height):
            return False
        if self._live is None:
            self._live = Live(
                console=self._terminal, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
            if self._stream is sys.stderr:
                messages.print_above(self._print)
        self._live.update(content, refresh=True)
        return True

    def _print(self, line: str) -> None:
        self._terminal.print(Text(line), soft_wrap=True)

    def erase(self) -> None:
        """Remove the region from the terminal."""
        if self._live is not None:
            self._live.transient = True
        self.leave()

    def leave(self) -> None:
        """Leave the region as it is; what is printed or drawn next appears below."""
        if self._live is not None:
            messages.print_above(None)
            self._live.stop()
            self._live = None


class _Terminal(Console):
    """A console that prints text unchanged: no markup, no colours, no settings from the environment."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(
            file=cast("IO[str]", _LossyStream(stream)),
            force_terminal=True,
            force_interactive=True,
            force_jupyter=False,
            color_system=None,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )

    @property
    def is_dumb_terminal(self) -> bool:
        """Never: ``can_redraw`` has decided already, and rich takes a missing TERM for a dumb terminal."""
        return False

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002  (rich's signature)
        """Leave the cursor visible: a run that is killed or suspended could not restore it."""
        return False


class _LossyStream:
    """A stream that ignores errors: losing the terminal must not end an apply."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", "utf-8")

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()
