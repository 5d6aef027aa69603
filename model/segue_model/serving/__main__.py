"""The command `segue-model-server`: checks what it was told, then serves.

TensorFlow takes seconds to import, so everything that can be wrong with the command line is
found before.
"""

import asyncio
import contextlib
import importlib.metadata
import logging
import os
import sys
from collections.abc import Sequence

from segue_model.serving import batching_parameters, config, flags
from segue_model.serving.errors import UsageError
from segue_model.serving.ports import listening

log = logging.getLogger("segue_model.serving")

# oneDNN is off, as it is in the official image: for a single listener its matrix products take
# longer than the plain ones.
TENSORFLOW = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
}


def run(arguments: Sequence[str]) -> int:
    """Serve until told to stop; return the exit code: 0, or 1 for a fault of the user's."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    if "--version" in arguments:
        print(importlib.metadata.version("segue-model"))  # noqa: T201 - what was asked for
        return 0
    try:
        _serve(flags.parse(arguments))
    except UsageError as error:
        print(f"segue-model-server: error: {error}", file=sys.stderr)  # noqa: T201 - to the user
        return 1
    return 0


def main() -> None:
    """Run and leave at once: a load or a run under way would hold an ordinary exit."""
    code = run(sys.argv[1:])
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _serve(given: flags.Flags) -> None:
    configs = config.load(given)
    batching = None
    if given.enable_batching:
        batching = batching_parameters.load(given.batching_parameters_file)
        for name in batching.ignored:
            log.info("%s in the batching parameters has no effect here", name)
    for name in given.ignored:
        log.info("--%s has no effect here", name)
    for port, flag in ((given.port, "port"), (given.rest_api_port, "rest_api_port")):
        if port:
            with contextlib.closing(listening(given.host, port, flag)):
                pass
    log.info("starting TensorFlow")
    # TensorFlow reads these when it is imported. The model server is told everything by flags.
    for name, value in TENSORFLOW.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - written, not read
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from segue_model.serving import app  # noqa: PLC0415 - imports TensorFlow

    asyncio.run(app.serve(given, configs, batching))


if __name__ == "__main__":
    main()
