#!/bin/bash
# Runs the stores' tests with SQLite 3.26.0 in place of this host's own. Arguments go to pytest.
set -euo pipefail

cd "$(dirname "$0")/../.."
for tool in npm cc; do
    if ! command -v "$tool" >/dev/null; then
        echo "The store is not tried with SQLite 3.26: there is no $tool here." >&2
        [ -z "${CI:-}" ] # in CI that is a failure
        exit
    fi
done
LD_LIBRARY_PATH=$(bash tests/store326/build.sh)
export LD_LIBRARY_PATH
version=$(.venv/bin/python -c 'import sqlite3; print(sqlite3.sqlite_version)')
if [ "$version" != 3.26.0 ]; then
    echo "Python still uses SQLite $version: was its sqlite3 module linked statically?" >&2
    exit 1
fi
.venv/bin/python -m pytest tests/unit/store tests/process/test_store_*.py "$@"
