"""A model that is not served any more leaves at once, not when it would have been polled next."""

import asyncio
from pathlib import Path
from typing import Any

from segue_model.serving.config import ModelConfig, latest
from segue_model.serving.lifecycle import Model
from segue_model.serving.models import Models
from segue_model.serving.watch import ModelWatch

LONG = 3600.0


class Loaded:
    """A version in memory."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self.closed.set)


async def test_a_model_that_is_removed_frees_its_memory_before_the_next_poll(
    tmp_path: Path,
) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"")
    loaded = Loaded()

    async def load(*_: object) -> Any:  # noqa: ANN401 - what stands in for a SavedModel
        return loaded

    async def polled() -> None:
        pass

    models = Models([Model(ModelConfig("toy", tmp_path, latest(1)), load, poll_wait=0)])
    watch = ModelWatch(models, load, LONG, polled)
    await watch.first()
    await asyncio.sleep(0)
    assert models.complete()
    watch.serve([])
    await asyncio.wait_for(loaded.closed.wait(), 5)
