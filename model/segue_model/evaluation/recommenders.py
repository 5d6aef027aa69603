"""Asks whatever offers the batched signature: an engine's model in process, or a SavedModel."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import sparse

import segue_signature as sig
from segue_model.data.columns import Ids
from segue_model.data.progress import Progress, silent
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.metrics import Recommended, owners
from segue_model.evaluation.split import Rows
from segue_model.evaluation.training_data import NO_SONGS

BATCH: Final = 32
SAVED_MODEL: Final = "saved_model.pb"

Inputs = Mapping[str, npt.NDArray[Any]]
Signatures = Mapping[str, Callable[..., Mapping[str, tf.Tensor]]]


class Recommender:
    """A model asked for many listeners; songs are rows of `song_ids`, which are in order."""

    def __init__(self, name: str, owner: object, signatures: Signatures, song_ids: Ids) -> None:
        """Read what the model says of itself; `owner` is what the signatures are of.

        Raises: EvaluationError when it lacks a signature or asks for what is not in it.
        """
        self.name = name
        # The functions alone would not keep alive the variables that they read.
        self._owner = owner
        self._song_ids = song_ids
        for wanted in (sig.RECOMMEND_BATCHED, sig.DESCRIBE):
            if wanted not in signatures:
                raise EvaluationError(f"{name}: no signature {wanted!r}")
        self._ask = signatures[sig.RECOMMEND_BATCHED]
        # By position or by name: a model in process takes them one way, one that was saved the
        # other.
        by_position, by_name = self._ask.structured_input_signature  # type: ignore[attr-defined]
        self._by_position = [each.name for each in tf.nest.flatten(by_position)]
        self._by_name = list(by_name)
        unknown = {*self._by_position, *self._by_name} - set(_inputs(np.zeros((1, 1)), 0, NO_SONGS))
        if unknown:
            raise EvaluationError(f"{name}: unknown inputs {', '.join(sorted(unknown))}")
        schema = {sig.DESCRIPTION_SCHEMA: tf.constant(sig.DESCRIPTION_SCHEMA_VERSION)}
        told = signatures[sig.DESCRIBE](**schema)
        self._description: dict[str, Any] = json.loads(told[sig.DESCRIPTION].numpy())

    @property
    def algorithm(self) -> str:
        """What the model says it is."""
        return str(self._description.get("algorithm", ""))

    @property
    def dataset(self) -> str:
        """The fingerprint of the dataset that the model says it was trained on."""
        return str(self._description.get("dataset", ""))

    @property
    def options(self) -> Mapping[str, object]:
        """The options that the model says it was trained with."""
        return dict(self._description.get("options", {}))

    def recommend(
        self,
        shown: sparse.csr_matrix,
        k: int,
        excluded: Rows = NO_SONGS,
        progress: Progress = silent,
    ) -> Recommended:
        """Return the best `k` rows for each listener, [B, k], -1 where there are fewer.

        `shown`, CSR [B, N], is what each has listened to; `excluded` are rows for none of them.
        Raises: EvaluationError when the model breaks the rules of the signature.
        """
        found = np.full((shown.shape[0], k), -1, np.int64)
        for start in range(0, shown.shape[0], BATCH):
            ids = self._answer(shown[start : start + BATCH], k, excluded)
            found[start : start + BATCH, : ids.shape[1]] = self._rows(ids)
            progress("recommending", min(1.0, (start + BATCH) / shown.shape[0]))
        self._check(found, shown, excluded)
        return found

    def _answer(self, shown: sparse.csr_matrix, k: int, excluded: Rows) -> Ids:
        inputs = _inputs(_padded(shown, self._song_ids), k, self._song_ids[excluded])
        answer = self._ask(
            *(tf.constant(inputs[name]) for name in self._by_position),
            **{name: tf.constant(inputs[name]) for name in self._by_name},
        )
        ids: Ids = answer[sig.RECOM_SONGS_IDS].numpy()
        if len(ids) != shown.shape[0] or ids.shape[1] > k:
            raise EvaluationError(f"{self.name}: answers {ids.shape}, not {(shown.shape[0], k)}")
        return ids

    def _rows(self, ids: Ids) -> Recommended:
        last = len(self._song_ids) - 1
        rows = np.minimum(np.searchsorted(self._song_ids, ids), last)
        strange = (self._song_ids[rows] != ids) & (ids != sig.PAD_ID)
        if strange.any():
            raise EvaluationError(f"{self.name}: recommends {ids[strange][0]}, no song known here")
        return np.where(ids == sig.PAD_ID, -1, rows)

    def _check(self, found: Recommended, shown: sparse.csr_matrix, excluded: Rows) -> None:
        """Raise EvaluationError where an answer would be counted twice, or was given away."""
        ordered = np.sort(found, axis=1)
        if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
            raise EvaluationError(f"{self.name}: recommends a song twice")
        keys = found + np.arange(len(found))[:, np.newaxis] * shown.shape[1]
        given = np.isin(keys[found >= 0], owners(shown) * shown.shape[1] + shown.indices)
        if given.any():
            raise EvaluationError(f"{self.name}: recommends a song that was listened to")
        if np.isin(found, excluded).any():
            raise EvaluationError(f"{self.name}: recommends a song that was excluded")


def saved_model(path: Path, song_ids: Ids) -> Recommender:
    """Return the SavedModel in the folder `path`, of any trainer. Raises: EvaluationError."""
    if not (path / SAVED_MODEL).is_file():
        raise EvaluationError(f"{path}: no {SAVED_MODEL} there; it is the folder of a version")
    try:
        loaded = tf.saved_model.load(str(path))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise EvaluationError(f"{path}: not a SavedModel that can be loaded: {error}") from error
    return Recommender(model_name(path), loaded, loaded.signatures, song_ids)


def model_name(path: Path) -> str:
    """Return what a model is called: NAME/VERSION of a models folder, else its folder."""
    whole = path.resolve()
    return f"{whole.parent.name}/{whole.name}" if whole.name.isdecimal() else whole.name


def _padded(shown: sparse.csr_matrix, song_ids: Ids) -> Ids:
    """Return the ids of what is shown, [B, L]."""
    lengths = np.diff(shown.indptr)
    padded = np.full((shown.shape[0], int(lengths.max())), sig.PAD_ID, np.int32)
    padded[np.arange(padded.shape[1]) < lengths[:, np.newaxis]] = song_ids[shown.indices]
    return padded


def _inputs(listened: npt.NDArray[Any], k: int, excluded: npt.NDArray[Any]) -> Inputs:
    """Return all inputs of the batched signature: no constraint but the excluded songs."""
    batch = len(listened)
    out = excluded if len(excluded) else np.array([sig.PAD_ID])
    nobody = np.full((batch, 1), sig.PAD_ID, np.int32)
    return {
        sig.LISTENED_SONGS: listened,
        sig.NO_RECOM_SONGS: np.full(batch, k, np.int32),
        sig.EXCLUDED_SONGS: np.tile(out.astype(np.int32), (batch, 1)),
        sig.EXCLUDED_ARTISTS: nobody,
        sig.EXCLUDE_SEED_ARTISTS: np.zeros(batch, np.bool_),
        sig.GENRES: np.full((batch, 1), sig.PAD_NAME, np.object_),
        sig.ARTISTS: nobody,
        sig.YEARS: np.zeros((batch, 2), np.int32),
        sig.TEMPOS: np.zeros((batch, 2), np.float32),
        sig.MAX_PER_ARTIST: np.zeros(batch, np.int32),
        sig.DIVERSITY: np.zeros(batch, np.float32),
    }
