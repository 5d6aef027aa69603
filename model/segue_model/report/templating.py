"""Makes the templates of pages: what all pages share stands in this room's `parts.html`."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from segue_model.report import words

SHARED = "segue_model.report"


def environment(package: str = SHARED) -> Environment:
    """Return the templates of `package` and the shared ones, with numbers worded as filters."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    wordings = (words.number, words.share, words.counted, words.figure)
    made.filters.update({wording.__name__: wording for wording in wordings})
    return made
