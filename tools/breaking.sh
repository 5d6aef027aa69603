#!/usr/bin/env bash
# Hold the contract to the one on main (or to REF): no change may break a caller.
set -euo pipefail
cd "$(dirname "$0")/.."
buf=$PWD/$1
ref=${REF:-}
if [ -z "$ref" ]; then
  for candidate in origin/main main; do
    git rev-parse --verify --quiet "$candidate:protos/segue" >/dev/null && ref=$candidate && break
  done
fi
# On main itself, hold it to the commit before.
if [ -n "$ref" ] && [ "$(git rev-parse "$ref")" = "$(git rev-parse HEAD)" ] && git diff --quiet HEAD -- protos; then
  git rev-parse --verify --quiet 'HEAD~1:protos/segue' >/dev/null && ref=HEAD~1
fi
[ -n "$ref" ] || { echo "no main to compare the contract with" >&2; exit 1; }

old=.build/contract
rm -rf "$old"
mkdir -p "$old"
git archive "$ref" protos/segue protos/buf.yaml | tar -x -C "$old"
cp -r protos/third_party "$old/protos/"
(cd "$old/protos" && "$buf" build -o ../old.binpb)
(cd protos && "$buf" build -o "../$old/new.binpb")
"$buf" breaking "$old/new.binpb" --against "$old/old.binpb" --config '{"version":"v2","breaking":{"use":["FILE"]}}'
echo "the contract breaks nothing that $ref promises"
