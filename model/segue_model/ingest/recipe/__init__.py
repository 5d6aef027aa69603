"""The recipe `msd-2`: from arranged songs to the features that engines compare songs by."""

from segue_model.ingest.recipe.featurizing import featurize
from segue_model.ingest.recipe.fitting import fit
from segue_model.ingest.recipe.measures import Measures, measure
from segue_model.ingest.recipe.stored import Recipe

__all__ = ["Measures", "Recipe", "featurize", "fit", "measure"]
