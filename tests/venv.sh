#!/usr/bin/env bash
# Makes .venv with the given Python; on Debian the venv module may have to be installed first.
set -euo pipefail
python=${1:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Matinee needs Python 3.11 or newer; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.11 …" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "Installing Python's venv module with apt…"
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo -n"
  if ! { $sudo apt-get update && $sudo apt-get install -y python3-venv; } >/dev/null 2>&1; then
    echo "Python's venv module is missing. Install it by hand: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi
"$python" -m venv --clear .venv
