#!/usr/bin/env bash
# Pin the versions: one file for a machine with everything, one for each distribution's image.
set -euo pipefail
cd "$(dirname "$0")/.."

pin() { # OUTPUT, then what to resolve
  local output=$1
  shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
    --override requirements/overrides.txt --constraints requirements/dev.in \
    $(printf -- '--no-emit-package segue-%s ' protos server client model) "$@" |
    grep -v '^#' >"$output"
}

pin requirements/dev.txt requirements/rooms.txt requirements/dev.in
for room in server client model; do
  pin "requirements/$room.txt" -c requirements/dev.txt <(printf -- '-e ./protos\n-e ./%s\n' "$room")
done
