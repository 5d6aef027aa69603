"""Spreads work over the processors so that what comes out is the same bytes on any number."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")

# Of each worker so many items are under way, so that results which wait are few.
AHEAD = 2


@dataclass(frozen=True, slots=True)
class Workers:
    """One thread a processor, of which each has BLAS to itself.

    BLAS on several threads adds up in another order, so the pieces of work must be what is shared
    out, and a piece must not depend on how many threads there are.
    """

    pool: ThreadPoolExecutor
    count: int

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield what `work` makes of each item, in order, with few results waiting."""
        waiting = []
        for item in items:
            waiting.append(self.pool.submit(work, item))
            if len(waiting) > AHEAD * self.count:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


@contextmanager
def workers() -> Iterator[Workers]:
    """Give one worker a processor for as long as the context lasts; BLAS has one thread in it."""
    count = os.cpu_count() or 1
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(count) as pool:
        yield Workers(pool, count)
