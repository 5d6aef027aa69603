#!/usr/bin/env bash
# Install what the tests need beside Python. What cannot be installed here is named, not hidden:
# its tests are skipped with the reason, and fail where CI is set.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .tools/bin

missing() { printf 'Not installed: %s. %s\n' "$1" "$2" >&2; }

if ! command -v mariadbd >/dev/null && ! test -x /usr/sbin/mariadbd; then
  tools/package.sh mariadb-server || true
fi

from_go() { # NAME, PACKAGE, VERSION
  test -e ".tools/$1-$3" && return
  if command -v go >/dev/null; then
    GOBIN="$PWD/.tools/bin" go install "$2@$3"
    touch ".tools/$1-$3"
  elif ! command -v "$1" >/dev/null; then
    missing "$1" "Install it, or Go, which then builds it."
  fi
}

from_go grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl "$GRPCURL_VERSION"
from_go fake-gcs-server github.com/fsouza/fake-gcs-server "$FAKE_GCS_VERSION"

if ! test -e ".tools/buf-$BUF_VERSION"; then
  if command -v npm >/dev/null; then
    npm install --silent --no-fund --no-audit --no-package-lock --prefix .tools "@bufbuild/buf@$BUF_VERSION"
    touch ".tools/buf-$BUF_VERSION"
  else
    missing buf "Install npm, which then installs it; only \`make check\` needs it."
  fi
fi
