"""python -m openapi GENERATED DESCRIPTORS: print the completed document as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from openapi import calls, errors, paths, schemas, texts
from openapi.contract import Contract

INFO = {
    "title": "Segue",
    "version": "v1",
    "description": """\
Songs in, recommended songs out. The service speaks gRPC; this is the same contract over JSON.

Names are lowerCamel in answers; requests may write `min_year` or `minYear`. Zeros, empty texts \
and empty lists are written out; a field that is left out is not known, or does not apply. A field \
of a body that the contract does not know is ignored; an unknown parameter of an address is an \
error.

Every error has the body `{"code", "message", "details"}`, whoever noticed it. Every answer \
carries `x-request-id`: the caller's, or a new one.""",
}


def complete(generated: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """Return the document that the generator made of the contract, completed."""
    texts.tidy(generated)
    paths.merge(generated)
    generated["components"]["schemas"] |= errors.schemas()
    schemas.complete(generated, contract)
    schemas.separate_bodies(generated, contract)
    calls.complete(generated, contract)
    schemas.prune(generated)
    return {
        "openapi": generated["openapi"],
        "info": INFO,
        "servers": [{"url": "/"}],
        "tags": generated["tags"],
        "paths": generated["paths"],
        "components": generated["components"],
    }


def main() -> None:
    """Read what the generator made and the descriptor set; print the document."""
    generated, descriptors = map(Path, sys.argv[1:])
    contract = Contract(FileDescriptorSet.FromString(descriptors.read_bytes()))
    document = complete(yaml.safe_load(generated.read_text(encoding="utf-8")), contract)
    print(json.dumps(document, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
