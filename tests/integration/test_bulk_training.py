"""Item-item learns the same from common listeners that were counted on Beam's workers."""

from pathlib import Path

import numpy as np
import pytest

from bulk_use import here
from segue_model.bulk.gram_counting import gram_job
from segue_model.bulk.running import complete
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import silent
from segue_model.data.synthetic import synthetic_dataset
from segue_model.engines import ENGINES, item_item
from segue_model.ingest.storage import Folder
from segue_model.learning.item_item import ItemItemOptions, fit_item_item


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return synthetic_dataset(300, 120, 2)


@pytest.fixture(scope="module")
def counted(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gram")
    job = gram_job(dataset, 2, 50_000, Folder(f"{folder}/work"))
    complete(job, Folder(f"{folder}/gram"), here)
    return folder / "gram"


@pytest.mark.parametrize("form", ["closed", "sparse"])
def test_what_was_counted_elsewhere_teaches_the_same(
    dataset: Dataset, counted: Path, form: str
) -> None:
    there = item_item.learned(dataset, item_item.Options(gram=str(counted), form=form), silent)
    expected = fit_item_item(interactions_of(dataset), ItemItemOptions(form=form))
    for field in ("songs", "neighbors", "weights"):
        np.testing.assert_array_equal(getattr(there, field), getattr(expected, field))


def test_counts_of_something_else_are_refused(dataset: Dataset, counted: Path) -> None:
    engine = ENGINES["item-item"]

    def fit(of: Dataset, gram: str, **options: object) -> None:
        engine.fit(of, engine.with_options({"gram": gram, **options}), silent)

    with pytest.raises(ValueError, match=r"^gram: .*no gram.json"):
        fit(dataset, str(counted.parent))
    with pytest.raises(ValueError, match=r"^gram: .* with min_listeners 2, not 1"):
        fit(dataset, str(counted), min_listeners=1)
    with pytest.raises(ValueError, match=r"^gram: .* of other listeners"):
        fit(synthetic_dataset(300, 100, 2), str(counted))
