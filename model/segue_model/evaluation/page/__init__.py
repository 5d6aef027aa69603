"""An evaluation as one page on which a person sees which engine is good at what."""

from segue_model.evaluation.page.content import render

__all__ = ["render"]
