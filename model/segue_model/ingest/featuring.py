"""The steps that make features: fit the recipe on all songs, then follow it part by part."""

import io
from typing import Final

import pyarrow as pa
from pyarrow import csv

from segue_model.data.layout import SONG_ID
from segue_model.ingest import plan as planned
from segue_model.ingest.arranging import measures_path, part_path
from segue_model.ingest.job import Job
from segue_model.ingest.plan import Plan
from segue_model.ingest.recipe import Measures, Recipe, featurize, fit

RECIPE: Final = "recipe"


def features_path(part: int, form: str) -> str:
    """Return the path of a part's features as `csv` or `parquet`; the latter comes last."""
    return f"features/{part:06}.{form}"


def fit_recipe(job: Job, plan: Plan) -> None:
    """Leave the recipe, fitted to all songs of the plan, in its folder."""
    folder = plan.folder(job.work)
    if folder.exists(Recipe.saved_as(RECIPE)):
        return
    measures = (Measures.from_bytes(folder.read(measures_path(part))) for part in range(plan.parts))
    terms = folder.read_table(planned.ARTISTS, ["id", "terms"])
    fit(measures, terms, plan.songs).save(folder, RECIPE)


def featurize_part(job: Job, plan: Plan, part: int) -> None:
    """Leave the features of a part's songs in the folder of the plan, as CSV and as Parquet."""
    folder = plan.folder(job.work)
    if folder.exists(features_path(part, "parquet")):
        return
    recipe = Recipe.load(folder, RECIPE)
    tracks = folder.read_table(part_path(part))
    values = featurize(tracks, recipe)
    columns = {SONG_ID: tracks["id"]}
    columns |= {name: pa.array(values[:, at]) for at, name in enumerate(recipe.columns)}
    table = pa.table(columns)
    text = io.BytesIO()
    csv.write_csv(table, text, csv.WriteOptions(include_header=False))
    folder.write(features_path(part, "csv"), text.getvalue())
    # Hardly any two features are alike: a dictionary of them would be slow, and no smaller.
    folder.write_table(features_path(part, "parquet"), table, use_dictionary=False)
