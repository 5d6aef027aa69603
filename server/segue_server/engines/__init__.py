"""Who ranks: one file a backend, wrappers among them."""
