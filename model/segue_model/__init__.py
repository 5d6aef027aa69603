"""The model room: datasets, engines, SavedModels and the embedded model server."""
