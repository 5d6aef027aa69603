"""Sums up how a song sounds: how the segments of it are on average, and how they vary."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from segue_model.ingest.tracks import DIMENSIONS

Segments: TypeAlias = npt.NDArray[np.floating[Any]]

# The pairs of different columns: (0, 1), (0, 2), … (10, 11).
FIRST, SECOND = np.triu_indices(DIMENSIONS, 1)
SOUND_COLUMNS: Final = tuple(
    f"{what}_{statistic}"
    for what in ("timbre", "pitch")
    for statistic in (
        *(f"mean_{at}" for at in range(DIMENSIONS)),
        *(f"deviation_{at}" for at in range(DIMENSIONS)),
        *(f"covariance_{a}_{b}" for a, b in zip(FIRST, SECOND, strict=True)),
    )
)


def sound_of(timbre: Segments, pitches: Segments, key: int | None) -> npt.NDArray[np.float32]:
    """Return the statistics that `SOUND_COLUMNS` names, [SOUND], of segments, [n, 12] and [m, 12].

    Deviations and covariances are those of the segments themselves (divided by n), so that they
    are 0 for a single one. Pitches count from `key`, so that a song and its transposition sound
    alike; from C where it is `None`. The same segments give the same bytes on any machine. What
    overflows is infinite. Expects finite segments, one at least.
    """
    from_key = (np.arange(DIMENSIONS) + (key or 0)) % DIMENSIONS
    # Contiguous rows are summed in pairs, in an order that no processor and no BLAS decides.
    columns = (np.array(each, np.float64, order="C") for each in (timbre.T, pitches.T[from_key]))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.concatenate([_statistics(each) for each in columns]).astype(np.float32)


def _statistics(columns: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return means, deviations and covariances of rows [12, n]; the rows are centered."""
    number = columns.shape[1]
    means = columns.sum(axis=1) / number
    columns -= means[:, None]
    deviations = np.sqrt((columns * columns).sum(axis=1) / number)
    covariances = (columns[FIRST] * columns[SECOND]).sum(axis=1) / number
    return np.concatenate([means, deviations, covariances])
