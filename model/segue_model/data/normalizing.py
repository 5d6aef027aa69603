"""Brings features of different units to one scale, block by block, and deals with the unknown."""

from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Numbers

# Digits after the point: beyond what a feature can tell, and short in the file.
DECIMALS: Final = 5
SEMITONES_OF_A_FIFTH: Final = 7


def standardized(columns: npt.NDArray[np.floating]) -> Numbers:
    """Return columns [N, d] of mean 0 and deviation 1; NaN, the unknown, becomes 0: the mean.

    A column that is constant, or known of no song, becomes 0 throughout.
    """
    known = ~np.isnan(columns)
    number = np.maximum(known.sum(axis=0), 1)
    centered = np.where(known, columns - np.where(known, columns, 0).sum(axis=0) / number, 0)
    deviation = np.sqrt((centered**2).sum(axis=0) / number)
    # A constant column keeps the rounding of its mean as "deviation": nothing to divide by.
    varies = deviation > 1e-9 * np.maximum(1, np.abs(np.where(known, columns, 0)).max(axis=0))
    scaled = np.divide(centered, deviation, out=np.zeros_like(centered), where=varies)
    return scaled.astype(np.float32)


def on_circle_of_fifths(
    tonics: npt.NDArray[np.int64], sureness: npt.NDArray[np.floating]
) -> Numbers:
    """Return where keys lie on the circle of fifths, [N, 2]: kin are near, the opposite far.

    `tonics` are semitones from C of the major keys, `sureness` 0 to 1: an unsure key lies near
    the middle. The circle's radius is that of columns with a deviation of 1.
    """
    angles = tonics * SEMITONES_OF_A_FIFTH % 12 * (2 * np.pi / 12)
    radius = np.sqrt(2) * sureness
    circle = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)
    return circle.astype(np.float32)


def weighed(block: Numbers, weight: float) -> Numbers:
    """Return a block of standardized columns [N, d] whose rows have a mean square of weight²."""
    return (block * (weight / np.sqrt(block.shape[1]))).astype(np.float32)


def rounded(values: Numbers) -> Numbers:
    """Return the features as they are kept; no negative zeros."""
    return (np.round(values, DECIMALS) + 0.0).astype(np.float32)
