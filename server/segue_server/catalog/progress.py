"""Shows on a terminal how far a load is: a line for each kind of thing, over and over."""

import time
from collections.abc import Callable
from typing import Final, TextIO

# The least seconds between two looks of a line that goes on.
PATIENCE: Final = 0.1


class ProgressLine:
    """Writes to a terminal what a load reports; see `load.Progress`."""

    def __init__(self, terminal: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the terminal to write to, and a clock in seconds."""
        self._terminal = terminal
        self._clock = clock
        self._kind = ""
        self._begun = self._shown = clock()

    def __call__(self, kind: str, done: int, total: int) -> None:
        """Show that `done` of `total` are there; the line stays when that is all of them."""
        now = self._clock()
        if kind != self._kind:
            # The first report comes when the first part is done, so it counts from the last kind.
            self._kind, self._begun, self._shown = kind, self._shown, now - PATIENCE
        if done < total and now < self._shown + PATIENCE:
            return
        self._shown = now
        line = f"{kind}: {done:,} of {total:,}{_pace(done, total, now - self._begun)}"
        self._terminal.write(f"\r\x1b[K{line}" + ("\n" if done == total else ""))
        self._terminal.flush()


def _pace(done: int, total: int, seconds: float) -> str:
    if not done or seconds <= 0:
        return ""
    if done == total:
        return f" in {seconds:.1f} s"
    rate = done / seconds
    return f", {rate:,.0f} a second, {(total - done) / rate:.0f} s left"
