"""Trains the factors of `implicit` for `bench/factors.py`, in an environment that has it.

    python bench/factors_peer.py

Reads a job a line, a JSON object, and answers each by a line: the seconds of each iteration, of
wall clock and of processor. The vectors go to the file that the job names.
"""

import json
import sys
import time
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train on `train`; write the vectors of its songs and of those who listened to `history`."""
    model = AlternatingLeastSquares(
        factors=job["dimensions"],
        regularization=job["regularization"],
        alpha=job["alpha"],
        iterations=job["epochs"],
        num_threads=job["threads"],
        use_cg=True,
        random_state=job["seed"],
    )
    marks = []
    train = sparse.load_npz(job["train"])
    model.fit(
        train,
        show_progress=False,
        callback=lambda *_: marks.append((time.perf_counter(), time.process_time())),
    )
    if "history" in job:
        history = sparse.load_npz(job["history"])
        listeners = model.recalculate_user(np.arange(history.shape[0]), history)
        np.savez(job["output"], songs=model.item_factors, listeners=listeners)
    wall, cpu = np.diff(marks, axis=0).T
    return {"wall": wall.tolist(), "cpu": cpu.tolist()}


if __name__ == "__main__":
    with threadpool_limits(1, "blas"):
        for line in sys.stdin:
            print(json.dumps(run(json.loads(line))), flush=True)
