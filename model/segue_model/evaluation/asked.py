"""What a person asks of an evaluation."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asked:
    """What to evaluate, and where to write what is found.

    All `engines` are meant when there are neither engines nor models. A setting is OPTION=VALUE,
    for every engine that has the option, or ENGINE.OPTION=VALUE. `trials` of 0 is no search.
    """

    engines: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    models: tuple[Path, ...] = ()
    seen_listeners: bool = False
    trials: int = 0
    json_file: Path | None = None
    page_file: Path | None = None
