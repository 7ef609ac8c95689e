#!/bin/sh
# Prints the interpreter to make the virtual environment with: the one asked for, or else the newest of those that chatd
# is tested on, or else python3. Prints one line to stderr and exits 1 where there is none that serves.
want="${1:-}"

works() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'pass' >/dev/null 2>&1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
fail() {
    echo "chatd: $1" >&2
    exit 1
}

if [ -n "$want" ]; then
    works "$want" || fail "PYTHON=$want does not start; name a Python 3.11 or newer, as in: make run PYTHON=python3.12"
    candidates="$want"
else
    candidates="python3.12 python3.11 python3.13 python3"
fi

old="" bare=""
for candidate in $candidates; do
    works "$candidate" || continue
    if ! new_enough "$candidate"; then
        old="$candidate"
    elif ! makes_venvs "$candidate"; then
        bare="$candidate"
    else
        echo "$candidate"
        exit 0
    fi
done

if [ -n "$bare" ]; then
    version=$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    fail "$bare has no venv or ensurepip module; install it (on Debian and Ubuntu: apt install python$version-venv)"
fi
if [ -n "$old" ]; then
    fail "$old is $("$old" --version 2>&1), but chatd needs Python 3.11 or newer; name one, as in: make run PYTHON=python3.12"
fi
fail "no Python found; chatd needs Python 3.11 or newer on the PATH, or named, as in: make run PYTHON=python3.12"
