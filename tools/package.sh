#!/usr/bin/env bash
# Install a Debian package where that can be done; where not, name it and fail.
#   tools/package.sh mariadb-server
set -euo pipefail
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  printf 'Not installed: the package %s. Install it, or run this as root on Debian.\n' "$1" >&2
  exit 1
fi
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1" >/dev/null
