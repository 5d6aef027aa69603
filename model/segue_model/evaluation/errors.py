"""What keeps an evaluation from being made or read."""


class EvaluationError(Exception):
    """An evaluation cannot be made or read; the text says what of, and why."""
