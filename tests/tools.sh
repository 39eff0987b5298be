#!/usr/bin/env bash
# Installs the named Debian packages where their commands are missing, or says what to install by hand.
set -euo pipefail

missing=()
for tool in "$@"; do
  case "$tool" in bubblewrap) command=bwrap ;; vlc-*) command=vlc ;; *) command="$tool" ;; esac
  command -v "$command" >/dev/null || [ -x "/usr/sbin/$command" ] || missing+=("$tool")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=(sudo -n); fi
fi
if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && [ ${#sudo[@]} -eq 0 ]; }; then
  echo "These programs are missing and cannot be installed from here: ${missing[*]}" >&2
  echo "Install them by hand, on Debian with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi

echo "Installing ${missing[*]} with apt…"
# A service that a package brings must not start: tests start their own on free ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod +x "$policy"
  trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { "${sudo[@]}" apt-get update && "${sudo[@]}" apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "apt could not install: ${missing[*]}. Install them by hand and run this again." >&2
  exit 1
fi
