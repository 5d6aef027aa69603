"""The meaning: what a recommendation is, whatever ranks it, stores it or carries it."""
