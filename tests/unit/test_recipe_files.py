"""How the features were made stays with them: in the dataset folder, its copies, its models."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from recipe_songs import fitted, part_of, random_songs, random_terms
from segue_model.__main__ import main
from segue_model.data.columns import Features
from segue_model.data.dataset import Dataset, DatasetError, read_dataset, write_dataset
from segue_model.data.features_parquet import ROWS_AT_ONCE, write_features_parquet
from segue_model.data.synthetic import synthetic_dataset
from segue_model.ingest.recipe import Recipe, featurize
from segue_model.ingest.storage import Folder

KEPT = ("recipe.json", "recipe_artists.parquet")
Change = Callable[[dict[str, object]], None]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A dataset whose features were made by a recipe that is saved beside them."""
    songs = random_songs(50, 9)
    recipe = fitted(songs, random_terms(9))
    folder = tmp_path_factory.mktemp("recipe")
    recipe.save(Folder(str(folder)), "")
    return replace(
        synthetic_dataset(50, 20, 1),
        features=Features(recipe.columns, featurize(part_of(songs), recipe), recipe.name),
        recipe={name: (folder / name).read_bytes() for name in KEPT},
    )


@pytest.fixture
def folder(dataset: Dataset, tmp_path: Path) -> Path:
    write_dataset(tmp_path / "made", dataset)
    return tmp_path / "made"


def segue_model(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def edit(path: Path, change: Change) -> None:
    fields = json.loads(path.read_bytes())
    change(fields)
    path.write_text(json.dumps(fields), "utf-8")


def test_a_folder_keeps_the_recipe_byte_by_byte(dataset: Dataset, folder: Path) -> None:
    for name in KEPT:
        assert (folder / name).read_bytes() == dataset.recipe[name]
    assert read_dataset(folder).recipe == dataset.recipe
    assert Recipe.load(Folder(str(folder)), "").columns == dataset.features.columns


def test_completing_a_dataset_keeps_the_recipe_and_the_features_in_both_forms(
    folder: Path, tmp_path: Path
) -> None:
    done = segue_model("dataset", "complete", folder, "--output", tmp_path / "whole")
    assert done.exit_code == 0, done.output
    for name in (*KEPT, "features.parquet", "features.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_dataset_without_a_recipe_has_none_afterwards(dataset: Dataset, folder: Path) -> None:
    write_dataset(folder, replace(dataset, recipe={}))
    assert not any((folder / name).exists() for name in KEPT)
    assert read_dataset(folder).recipe == {}


def test_a_recipe_is_kept_without_the_file_of_artists(folder: Path, dataset: Dataset) -> None:
    (folder / "recipe_artists.parquet").unlink()
    assert read_dataset(folder).recipe == {"recipe.json": dataset.recipe["recipe.json"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda f: f.update(name="other"),
            r'name: "other" is not the manifest\'s recipe, \'msd-2\'',
        ),
        (lambda f: f.pop("name"), "name: null is not the manifest's recipe, 'msd-2'"),
        (lambda f: f.pop("columns"), "columns: not a list"),
        (lambda f: f["columns"].pop(), r"columns: 211, but features\.csv has 212"),
        (
            lambda f: f["columns"].reverse(),
            r'columns: "pitch_covariance_10_11" where features\.csv has \'tempo\'',
        ),
    ],
)
def test_a_recipe_that_is_not_the_one_of_the_features_is_refused(
    folder: Path, change: Change, reason: str
) -> None:
    edit(folder / "recipe.json", change)
    with pytest.raises(DatasetError, match=rf"^recipe\.json: {reason}$"):
        read_dataset(folder)


def test_a_manifest_that_names_other_columns_than_the_recipe_is_refused(folder: Path) -> None:
    edit(folder / "dataset.json", lambda f: f["features"]["columns"].reverse())  # type: ignore[index]
    with pytest.raises(DatasetError, match=r"^dataset\.json: features: columns: not those of"):
        read_dataset(folder)
    (folder / "recipe.json").unlink()
    assert read_dataset(folder).recipe == {}


def test_a_manifest_that_names_another_recipe_is_refused(folder: Path) -> None:
    edit(folder / "dataset.json", lambda f: f["features"].update(recipe="mine"))  # type: ignore[attr-defined]
    with pytest.raises(DatasetError, match=r"^recipe\.json: name: .* recipe, 'mine'$"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{\n,", r"recipe\.json:2: not JSON: "),
        (b"\xff\xfe", r"recipe\.json: not UTF-8"),
        (b"[]", r"recipe\.json: not a JSON object"),
    ],
)
def test_a_broken_recipe_is_refused_with_its_place(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / "recipe.json").write_bytes(content)
    with pytest.raises(DatasetError, match=f"^{reason}"):
        read_dataset(folder)
    done = segue_model("train", folder, "--engine", "popular", "--output", folder.parent / "models")
    assert done.exit_code == 1
    assert "recipe.json" in done.output


def test_the_parquet_file_holds_the_features_of_the_csv_file(
    dataset: Dataset, folder: Path
) -> None:
    table = pq.read_table(folder / "features.parquet")
    assert table.column_names == ["song_id", *dataset.features.columns]
    assert table.schema.types == [pa.int32(), *[pa.float32()] * 212]
    assert table["song_id"].to_pylist() == dataset.songs.ids.tolist()
    read = read_dataset(folder).features.values
    for at, name in enumerate(dataset.features.columns):
        assert table[name].to_numpy().tobytes() == read[:, at].tobytes()


def test_many_features_are_written_in_groups_of_rows(tmp_path: Path) -> None:
    songs = 2 * ROWS_AT_ONCE + 1
    ids = np.arange(1, songs + 1, dtype=np.int32)
    values = np.random.default_rng(1).standard_normal((songs, 3)).astype(np.float32)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_features_parquet(tmp_path / name, ids, Features(("a", "b", "c"), values, "any"))
    file = pq.ParquetFile(tmp_path / "one" / "features.parquet")
    assert file.metadata.num_row_groups == 3
    table = file.read()
    assert table["song_id"].to_numpy().tobytes() == ids.tobytes()
    np.testing.assert_array_equal(np.stack([table[n].to_numpy() for n in "abc"], axis=1), values)
    one, two = ((tmp_path / name / "features.parquet").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_model_holds_what_its_features_were_made_by(dataset: Dataset, folder: Path) -> None:
    models = folder.parent / "models"
    assert segue_model("train", folder, "--engine", "content", "--output", models).exit_code == 0
    kept = models / "content" / "1" / "assets.extra" / "features.json"
    assert kept.read_bytes() == dataset.recipe["recipe.json"]


def test_a_model_of_a_dataset_without_a_recipe_tells_its_name_and_columns(tmp_path: Path) -> None:
    made = synthetic_dataset(60, 20, 2)
    write_dataset(tmp_path / "made", made)
    models = tmp_path / "models"
    arguments = ("--engine", "popular", "--output", models)
    assert segue_model("train", tmp_path / "made", *arguments).exit_code == 0
    fields = json.loads((models / "popular" / "1" / "assets.extra" / "features.json").read_bytes())
    assert fields == {"name": "synthetic-1", "columns": list(made.features.columns)}
