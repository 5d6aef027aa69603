"""The limits that comments state, as keywords of a schema.

The contract words limits alike everywhere: "at least 1", "1 to 200 characters", "at most 1,000,
each at least 1", "negative is an error". What is worded otherwise stays in the description alone.
"""

import re
from typing import Any

Schema = dict[str, Any]

NUMBER = r"([0-9][0-9,]*)"
WORD = "[A-Za-z0-9_-]"
AT_LEAST = re.compile(rf"(?:^|, )at least {NUMBER}\b")
NO_LESS = re.compile(rf"less than {NUMBER} is an error")
NOT_NEGATIVE = re.compile(r"negative is an error")
RANGE = re.compile(rf"[ ,]{NUMBER} to {NUMBER}\b(?! (?:hours|letters|characters))")
CHARACTERS = re.compile(rf"(?:at most |{NUMBER} to ){NUMBER} characters")
LETTERS = re.compile(rf"(?:(at most) |{NUMBER} to )?{NUMBER} letters, digits, `-` and `_`")
NO_CONTROL = re.compile(r"without control characters")
NOT_BLANK = re.compile(r"not all of them spaces")
ITEMS = re.compile(rf"at most {NUMBER}(?! characters)")
EACH = re.compile(rf"each at least {NUMBER}")
CONTROLS = r"\u0000-\u001f\u007f-\u009f"


def of(schema: Schema, description: str) -> Schema:
    """Return the keywords for a value of the schema, of which the description tells."""
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _of_number(description)
    if kind == "string" and "format" not in schema and "enum" not in schema:
        return _of_text(description)
    if kind == "array":
        return _of_list(schema["items"], description)
    return {}


def excludes_zero(schema: Schema) -> bool:
    """Return whether zero, the empty text and the empty list are too little for a schema."""
    return any(schema.get(key, 0) >= 1 for key in ("minimum", "minLength", "minItems"))


def _of_number(description: str) -> Schema:
    if found := RANGE.search(description):
        return {"minimum": _number(found[1]), "maximum": _number(found[2])}
    if found := AT_LEAST.search(description) or NO_LESS.search(description):
        return {"minimum": _number(found[1])}
    return {"minimum": 0} if NOT_NEGATIVE.search(description) else {}


def _of_text(description: str) -> Schema:
    limits: Schema = {}
    if found := LETTERS.search(description):
        least = "0" if found[1] else found[2] or found[3]
        limits = {"minLength": _number(least), "maxLength": _number(found[3])}
        return limits | {"pattern": f"^{WORD}*$"}
    if found := CHARACTERS.search(description):
        limits = {"minLength": _number(found[1])} if found[1] else {}
        limits["maxLength"] = _number(found[2])
    if NO_CONTROL.search(description):
        visible = rf"[^\s{CONTROLS}][^{CONTROLS}]*" if NOT_BLANK.search(description) else ""
        limits["pattern"] = f"^[^{CONTROLS}]*{visible}$"
    return limits


def _of_list(items: Schema, description: str) -> Schema:
    limits: Schema = {}
    if found := RANGE.search(description):
        limits = {"minItems": _number(found[1]), "maxItems": _number(found[2])}
    elif found := ITEMS.search(description):
        limits = {"maxItems": _number(found[1])}
    if found := EACH.search(description):
        limits["items"] = {**items, "minimum": _number(found[1])}
    elif items.get("type") == "string" and (found := CHARACTERS.search(description)):
        limits["items"] = {**items, "maxLength": _number(found[2])}
    return limits


def _number(text: str) -> int:
    return int(text.replace(",", ""))
