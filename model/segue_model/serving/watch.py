"""Which models are watched for versions, and the configuration file that may change them.

The file counts when it says the same twice, since editors write it in pieces.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from segue_model.serving import config
from segue_model.serving.config import ModelConfig
from segue_model.serving.errors import UsageError
from segue_model.serving.flags import Flags
from segue_model.serving.lifecycle import Load, Model
from segue_model.serving.models import Models

log = logging.getLogger(__name__)


class ModelWatch:
    """Polls each model for versions as long as it is served."""

    def __init__(
        self, models: Models, load: Load, wait: float, polled: Callable[[], Awaitable[None]]
    ) -> None:
        """Take the models, how a version is loaded, the seconds between polls, whom to tell."""
        self._models = models
        self._load = load
        self._wait = wait
        self._polled = polled
        self._tasks: set[asyncio.Task[None]] = set()
        self._removed: dict[str, asyncio.Event] = {}
        self._ended: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()

    async def first(self) -> None:
        """Poll every model once, then watch them all."""
        models = self._models.named().values()
        await asyncio.gather(*(model.poll() for model in models))
        for model in models:
            self._begin(model, model.config)

    async def failed(self) -> None:
        """Raise what a watch failed with, as soon as one does; cancelled, end all watches."""
        try:
            while True:
                (await self._ended.get()).result()
        finally:
            for task in self._tasks:
                task.cancel()

    def serve(self, configs: Sequence[ModelConfig]) -> None:
        """Serve these models and no other; a request in flight ends on the model it began with."""
        serving = self._models.named()
        for wanted in configs:
            if wanted.name in serving:
                serving[wanted.name].configure(wanted)
            else:
                model = Model(wanted, self._load, self._wait)
                self._models.add(model)
                self._begin(model)
        for name in serving.keys() - {wanted.name for wanted in configs}:
            self._models.remove(name)
            self._removed.pop(name).set()

    def _begin(self, model: Model, looked_at: ModelConfig | None = None) -> None:
        removed = self._removed[model.config.name] = asyncio.Event()
        task = asyncio.create_task(self._watch(model, looked_at, removed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._ended.put_nowait)

    async def _watch(
        self, model: Model, looked_at: ModelConfig | None, removed: asyncio.Event
    ) -> None:
        """Poll the model until it is not served any more, then let go of its versions at once."""
        while not removed.is_set():
            # Without polls, versions are looked for once a configuration.
            if model.config is not looked_at:
                looked_at = model.config
                await model.poll()
            await self._polled()
            with suppress(TimeoutError):
                await asyncio.wait_for(removed.wait(), self._wait or 1)
            if self._wait:
                looked_at = None
        await model.retire()


async def follow(flags: Flags, watch: ModelWatch) -> None:
    """Serve what the configuration file says whenever it says something else.

    One at fault changes nothing, and is told once.
    """
    path, wait = flags.model_config_file, flags.config_poll_wait
    in_use = seen = told = ""
    while path is not None and wait:
        try:
            text = await asyncio.to_thread(config.read, path)
            settled, seen, told = text == seen, text, ""
            if settled and text != in_use:
                in_use = text
                watch.serve(config.parse(text, str(path)))
                log.info("%s is in use", path)
        except UsageError as error:
            if str(error) != told:
                log.error("%s; all is served as before", error)  # noqa: TRY400 - the user's fault
            told = str(error)
        await asyncio.sleep(wait)
