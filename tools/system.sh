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
from_go protoc-gen-openapi github.com/google/gnostic/cmd/protoc-gen-openapi "$GNOSTIC_VERSION"
from_go fake-gcs-server github.com/fsouza/fake-gcs-server "$FAKE_GCS_VERSION"

if ! command -v chromium >/dev/null; then
  tools/package.sh chromium || true
fi

from_npm() { # NAME, PACKAGE, VERSION, WHAT NEEDS IT
  test -e ".tools/$1-$3" && return
  if command -v npm >/dev/null; then
    npm install --silent --no-fund --no-audit --no-package-lock --prefix .tools "$2@$3"
    touch ".tools/$1-$3"
  else
    missing "$1" "Install npm, which then installs it; only $4 needs it."
  fi
}

from_npm buf @bufbuild/buf "$BUF_VERSION" '`make check`'
from_npm playwright-core playwright-core "$PLAYWRIGHT_VERSION" 'the test of the page'
from_npm axe-core axe-core "$AXE_VERSION" 'the test of the page'
