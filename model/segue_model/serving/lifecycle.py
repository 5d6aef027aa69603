"""Which versions of a model are loaded: new ones first, then the old ones go.

A version's way, in TensorFlow Serving's states: START (found, its files still changing), LOADING
(loaded, warmed up), AVAILABLE, UNLOADING (requests in flight finish), END. A version that
cannot be loaded is at END with its error until its files change.
"""

import asyncio
import enum
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grpc import StatusCode

from segue_model.serving import versions
from segue_model.serving.config import ModelConfig
from segue_model.serving.errors import ServingError, translated
from segue_model.serving.servable import Servable
from segue_model.serving.versions import Found

log = logging.getLogger(__name__)

Load = Callable[[str, int, Path], Awaitable[Servable]]

# How many versions that came and went the status still names.
_REMEMBERED: Final = 10


class State(enum.Enum):
    """TensorFlow Serving's states of a version, by their numbers in its API."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(slots=True, eq=False)
class Version:
    """A version of a model as it stands; `found` are the files that it was last tried with."""

    number: int
    state: State
    found: Found
    error: ServingError | None = None
    servable: Servable | None = None
    _in_flight: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Count a request in: the version stays loaded until it finishes."""
        self._in_flight += 1

    def finish(self) -> None:
        """Count a request out."""
        self._in_flight -= 1
        if self._in_flight == 0:
            self._idle.set()

    async def retire(self) -> None:
        """Take no more requests, wait for those in flight, free the memory."""
        self.state = State.UNLOADING
        while self._in_flight:
            self._idle.clear()
            await self._idle.wait()
        servable, self.servable = self.servable, None
        if servable is not None:
            await asyncio.to_thread(servable.close)
        self.state = State.END


class Model:
    """A model and its versions. Everything but `load` runs on the event loop."""

    def __init__(self, config: ModelConfig, load: Load, poll_wait: float) -> None:
        """Take how a version is loaded and the seconds between polls."""
        self.config = config
        self.labels = dict(config.labels)
        self._load_servable = load
        self._poll_wait = poll_wait
        self._versions: dict[int, Version] = {}
        self._before: Mapping[int, Found] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._said = ""

    def configure(self, config: ModelConfig) -> None:
        """Be as another configuration of the same name says: from now, versions from a poll on.

        A label that moves to a version that does not serve yet stays until it does.
        """
        self.config = config
        self._move_labels()

    async def retire(self) -> None:
        """Drop every version once its requests in flight have finished."""
        await asyncio.gather(*self._retiring, *map(self._retire_one, self._serving()))

    def available(self) -> dict[int, Servable]:
        """Return what serves, by version."""
        return {
            number: version.servable
            for number, version in self._versions.items()
            if version.state is State.AVAILABLE and version.servable is not None
        }

    def version(self, number: int) -> Version:
        """Return a version that exists."""
        return self._versions[number]

    def versions(self) -> Sequence[Version]:
        """Return all versions known, the newest first, as the original lists them."""
        return [self._versions[number] for number in sorted(self._versions, reverse=True)]

    async def poll(self) -> None:
        """Look at the base path once; load what shall serve, then retire what shall not.

        The old versions go only when a wanted one serves, so there is never none.
        """
        trouble = "holds no version to serve"
        try:
            found = await asyncio.to_thread(versions.find, self.config.base_path)
        except OSError as error:
            found, trouble = {}, f"cannot be read: {error.strerror}"
        self._note(found)
        while (number := self._next(found)) is not None:
            await self._load(number, found[number])
        self._move_labels()
        self._retire(found)
        self._complain(found, trouble)
        self._before = found

    def _move_labels(self) -> None:
        available = self.available()
        self.labels = {
            label: number if number in available else self.labels.get(label, number)
            for label, number in self.config.labels.items()
        }

    def _serving(self) -> list[Version]:
        return [version for version in self.versions() if version.state is State.AVAILABLE]

    def _note(self, found: Mapping[int, Found]) -> None:
        """Name the versions that are new or have changed; forget those that never served."""
        coming = self.config.policy(found)
        for version in self.versions():
            number = version.number
            unborn = version.state is State.START and number not in coming
            if unborn or (version.error is not None and number not in found):
                del self._versions[number]
            elif version.state is State.AVAILABLE and number in found:
                self._note_change(version, found[number])
        for number in coming:
            if number not in self._versions:
                self._log(number, f"found in {found[number].path}")
                self._versions[number] = Version(number, State.START, found[number])
        ended = [v for v in self.versions() if v.state is State.END and v.number not in found]
        for version in ended[_REMEMBERED:]:
            del self._versions[version.number]

    def _note_change(self, version: Version, files: Found) -> None:
        if version.found.files != files.files:
            version.found = files
            self._log(version.number, "its files changed; what was loaded from them serves on")

    def _next(self, found: Mapping[int, Found]) -> int | None:
        """Return the newest version that is wanted and neither serves nor is on its way out."""
        return next((n for n in self._wanted(found) if not self._settled(n)), None)

    def _settled(self, number: int) -> bool:
        version = self._versions.get(number)
        return version is not None and version.state in (State.AVAILABLE, State.UNLOADING)

    def _wanted(self, found: Mapping[int, Found]) -> list[int]:
        return self.config.policy([n for n, files in found.items() if self._usable(n, files)])

    def _usable(self, number: int, files: Found) -> bool:
        """Tell whether a version serves, or is worth loading: quiet and not known as broken."""
        version = self._versions.get(number)
        if version is not None and version.error is not None and version.found.files == files.files:
            return False
        return self._settled(number) or files.quiet(self._before.get(number), self._poll_wait)

    async def _load(self, number: int, files: Found) -> None:
        version = Version(number, State.LOADING, files)
        self._versions[number] = version
        self._log(number, "loading")
        try:
            version.servable = await self._load_servable(self.config.name, number, files.path)
        except Exception as error:  # noqa: BLE001 - a broken folder makes TensorFlow raise anything
            version.state = State.END
            version.error = translated(error, StatusCode.INTERNAL)
            log.error(  # noqa: TRY400 - the text is what helps, not TensorFlow's stack
                "model %s version %d: failed: %s", self.config.name, number, version.error
            )
        else:
            version.state = State.AVAILABLE
            self._log(number, "available")

    def _retire(self, found: Mapping[int, Found]) -> None:
        available, wanted = self.available().keys(), set(self._wanted(found))
        if not wanted & available:
            return
        for number in available - wanted:
            task = asyncio.create_task(self._retire_one(self._versions[number]))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    def _complain(self, found: Mapping[int, Found], trouble: str) -> None:
        """Say, once and not at every poll, that the base path has nothing to serve."""
        text = ""
        if not self._wanted(found):
            serving = ", ".join(map(str, sorted(self.available()))) or "none"
            text = f"{self.config.base_path} {trouble}; serving: {serving}"
        if text and text != self._said:
            log.warning("model %s: %s", self.config.name, text)
        self._said = text

    async def _retire_one(self, version: Version) -> None:
        self._log(version.number, "retiring")
        await version.retire()
        self._log(version.number, "retired")

    def _log(self, number: int, event: str) -> None:
        log.info("model %s version %d: %s", self.config.name, number, event)
