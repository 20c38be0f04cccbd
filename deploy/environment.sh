# SPDX-License-Identifier: AGPL-3.0-or-later
# Sourced by ./run and ./test: finds a Python, makes .venv from a lock file with every hash checked. Needs $here.

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

is_root() { [ "$(id -u)" = 0 ]; }

# Debian and Ubuntu, where apt-get may be used by root.
can_install() { is_root && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; }

apt_install() {
  say "Installing from Debian: $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null >/dev/null 2>&1 && return 0
  apt-get update -q </dev/null >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null >/dev/null
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Prints the first Python that fits; python3 may be an older one, or a shim that answers nothing.
find_python() {
  local name
  for name in python3.14 python3.13 python3.12 python3 /usr/bin/python3.14 /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3; do
    if command -v "$name" >/dev/null && fits "$name" && { [ "${1:-}" = any ] || has_venv "$name"; }; then
      "$name" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

need_python() {
  python=$(find_python) && return 0
  local package=python3-venv
  python=$(find_python any) && package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if can_install; then
    apt_install python3 "$package" || apt_install python3 python3-venv || true
    python=$(find_python) && return 0
  fi
  say "Permanence needs Python 3.12, 3.13 or 3.14 with venv. Type:"
  fail "  sudo apt-get install python3 $package"
}

lock_sum() { sha256sum "$here/requirements/$1.txt" | cut -d' ' -f1; }

# make_environment LOCK: installs requirements/LOCK.txt into .venv unless its stamp says that this was done.
make_environment() {
  local stamp="$here/.venv/installed" sum
  sum=$(lock_sum "$1")
  if [ -x "$here/.venv/bin/python" ] && grep -qs "$sum" "$stamp" && fits "$here/.venv/bin/python"; then return 0; fi
  if ! { [ -x "$here/.venv/bin/python" ] && fits "$here/.venv/bin/python"; }; then
    need_python
    say "Making the environment in .venv with $python"
    "$python" -m venv --clear "$here/.venv"
  fi
  say "Installing $(grep -c '^[a-z]' "$here/requirements/$1.txt") packages, every hash checked"
  if uv --version >/dev/null 2>&1; then
    uv pip install --quiet --python "$here/.venv/bin/python" --require-hashes --only-binary :all: \
      -r "$here/requirements/$1.txt" </dev/null
  else
    "$here/.venv/bin/python" -m ensurepip --upgrade >/dev/null 2>&1 || true
    "$here/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --root-user-action ignore \
      --require-hashes --only-binary :all: -r "$here/requirements/$1.txt" </dev/null
  fi
  # requirements/test.txt holds everything of run.txt at the same versions (a test compares them)
  { [ "$1" = test ] && lock_sum run; printf '%s\n' "$sum"; } >>"$stamp"
}

# The message catalogues are compiled when a .po is newer than the last time.
compile_catalogues() {
  local stamp="$here/.venv/catalogues"
  if [ -f "$stamp" ] && [ -z "$(find "$here/locale" "$here/permanence" -name '*.po' -newer "$stamp" -print -quit 2>/dev/null)" ]; then
    return 0
  fi
  say "Compiling the translations"
  PYTHONPATH="$here" "$here/.venv/bin/python" -P -c \
    'import pathlib, sys
from permanence.foundation import translations
translations.compile_catalogues(pathlib.Path(sys.argv[1]))' "$here/locale" && touch "$stamp"
}
