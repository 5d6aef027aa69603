"""What can go wrong with work over all listeners, in the words of the person who started it."""


class BulkError(Exception):
    """Work over all listeners cannot be done; the text names the place and the reason."""

    def __init__(self, place: str, reason: str) -> None:
        """Name the place: a folder or file, or the URL of a model server."""
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason
