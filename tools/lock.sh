#!/usr/bin/env bash
# Pin the versions: one file for a machine with everything, one for each distribution's image, and
# two for environments of their own: the data pipeline's, and that of the benchmarks' peers.
set -euo pipefail
cd "$(dirname "$0")/.."

pin() { # OUTPUT, then what to resolve
  local output=$1
  shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
    --override requirements/overrides.txt \
    $(printf -- '--no-emit-package segue-%s ' protos server client model) "$@" |
    grep -v '^#' >"$output"
}

everything=requirements/dev.txt
pin $everything --constraints requirements/dev.in requirements/rooms.txt requirements/dev.in
pin requirements/server.txt -c $everything <(printf -- '-e ./protos\n-e ./server\n')
pin requirements/client.txt -c $everything <(printf -- '-e ./protos\n-e ./client\n')
pin requirements/model.txt -c $everything <(printf -- '-e ./protos\n-e ./model[engines]\n')
# What computes is the same in both environments; of the rest Beam holds some back.
pin requirements/pipeline.txt -c <(grep -E '^(fsspec|h5py|numpy|pyarrow|scipy)==' $everything) \
  <(printf -- '-e ./model[pipeline]\n')
pin requirements/peers.txt requirements/peers.in
