"""The conformance kit: whether a SavedModel, whoever made it, is what Segue can serve."""
