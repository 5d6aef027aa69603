"""A real Chromium, told what to do; `browser.mjs` is what tells it."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parent / ".tools"
PATIENCE = 10.0


def is_installed() -> bool:
    """Whether Chromium, Node.js and what drives the one from the other are there."""
    programs = all(shutil.which(name) for name in ("chromium", "node"))
    return programs and all(
        (TOOLS / "node_modules" / name).is_dir() for name in ("playwright-core", "axe-core")
    )


class Browser:
    """One page at a time, of one visitor at a time. Selectors are those of Playwright."""

    def __init__(self, address: str) -> None:
        self.address = address
        chromium = shutil.which("chromium")
        assert chromium is not None
        self._process = subprocess.Popen(
            ("node", str(HERE / "browser.mjs"), str(TOOLS), chromium),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, what: str, *given: object) -> Any:  # noqa: ANN401 - JSON is anything
        """Do one of the things that `browser.mjs` can; fail with its words and the page's text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, *given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser is gone"
        said = json.loads(line)
        assert "error" not in said, said["error"]
        return said["answer"]

    def visit(self, path: str = "/", **options: object) -> None:
        """Open the page as somebody new, and wait until songs are recommended."""
        self.tell("visitor", options)
        self.tell("open", self.address + path)
        self.tell("shown", "#recommended[aria-busy=false] .card[data-song] >> nth=0")

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.tell("texts", selector)
        return found

    def until(self, what: str, look: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until it is true; fail when it takes too long."""
        end = time.monotonic() + patience
        while not look():
            assert time.monotonic() < end, f"{what}: not after {patience:.0f} s"
            time.sleep(0.05)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(15)
        self._process.stdout.close()
