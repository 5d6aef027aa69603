"""The Segue server: ranks songs through an engine and enriches them from the catalog."""
