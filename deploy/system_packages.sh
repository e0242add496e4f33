#!/usr/bin/env bash
# Installs what is missing: package:command … . As root from Debian's packages; else says what to install.
set -euo pipefail
missing=()
for pair in "$@"; do
  command -v "${pair#*:}" >/dev/null || missing+=("${pair%%:*}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "please install first: ${missing[*]} (the tests drive a real browser and a real Prometheus)" >&2
  exit 1
fi
echo "installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
