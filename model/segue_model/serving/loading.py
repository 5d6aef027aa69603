"""How a version is loaded: the SavedModel, then its warm-up, in a thread off the event loop."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from segue_model.serving import servable
from segue_model.serving.flags import Flags
from segue_model.serving.servable import Servable, SessionOptions
from segue_model.serving.warmup import warm_up, warmup_file

log = logging.getLogger(__name__)


class Loader:
    """Loads versions, so many at a time as `--num_load_threads` says, at least one."""

    def __init__(self, flags: Flags) -> None:
        """Take the flags that say how."""
        self._pool = ThreadPoolExecutor(max(1, flags.load_threads), thread_name_prefix="load")
        self._warmup_iterations = flags.warmup_iterations if flags.warmup else 0
        self._options = SessionOptions(flags.tags, flags.intra_op_threads, flags.inter_op_threads)

    async def load(self, name: str, version: int, folder: Path) -> Servable:
        """Return the version loaded and warmed up; raise whatever TensorFlow raises if not."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._load, name, version, folder)

    def close(self) -> None:
        """Start nothing more; a load under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, name: str, version: int, folder: Path) -> Servable:
        loaded = servable.load(name, version, folder, self._options)
        try:
            self._warm_up(loaded, warmup_file(folder))
        except BaseException:
            loaded.close()
            raise
        return loaded

    def _warm_up(self, loaded: Servable, file: Path) -> None:
        if not self._warmup_iterations:
            return
        if not file.is_file():
            log.warning(
                "model %s version %d: no warm-up requests, the first callers will wait",
                loaded.name,
                loaded.version,
            )
            return
        begin = time.perf_counter()
        count = warm_up(loaded, file, self._warmup_iterations)
        log.log(
            logging.INFO if count else logging.WARNING,
            "model %s version %d: warmed up by %d requests in %.2f s",
            loaded.name,
            loaded.version,
            count,
            time.perf_counter() - begin,
        )
