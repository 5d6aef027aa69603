"""A check for schemathesis: what the document allows is refused for stated reasons only."""

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

# What the descriptions of these fields say, and no keyword of a schema can: a token that was given
# out, a genre of the catalog, a last year after the first, words to look for, a time near now.
STATED_IN_WORDS = re.compile(
    r"(?:.*\.)?(?:page_token|resume_token|attribution_token|update_mask|genres\[\d+\]|max_year|max_tempo"
    r"|event_time|play_duration)|(?:requests\[\d+\]\.)?recommend\.songs|query"
)


@schemathesis.check
def refused_as_stated(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Fail when a call within all limits is refused for another field than those."""
    allowed = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if not allowed or response.status_code != 400:
        return
    details = response.json()["details"]
    fields = [one["field"] for detail in details for one in detail.get("fieldViolations", ())]
    reasons = {detail.get("reason") for detail in details}
    if fields:
        unstated = [field for field in fields if not STATED_IN_WORDS.fullmatch(field)]
        assert not unstated, f"{unstated} refused within the limits that are stated"
    else:
        assert reasons & {"PLAYLIST_FULL", "TOO_MANY_PLAYLISTS"}, response.text
