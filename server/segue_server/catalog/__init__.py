"""What we know: the songs of the catalog, in SQL."""
