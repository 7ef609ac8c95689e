#!/bin/bash
# Builds SQLite 3.26.0, which is what RHEL 8 has, and prints the folder to put into LD_LIBRARY_PATH.
# Needs npm (the source travels in a package of its registry), a C compiler and tar; kept in .cache.
set -euo pipefail

cd "$(dirname "$0")/../.."
folder="$PWD/.cache/sqlite-3.26"
library="$folder/libsqlite3.so.0"
package=sqlite3@4.0.6
source_sha256=5daa6a3fb7d1e8c767cd59c4ded8da6e4b00c61d3b466d0685e35c4dd6d7bf5d

if [ ! -e "$library" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    work=$(mktemp -d "$folder/build.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && npm pack --silent "$package" >/dev/null)
    tar -xzf "$work"/sqlite3-*.tgz -C "$work"
    archive="$work/package/deps/sqlite-autoconf-3260000.tar.gz"
    echo "$source_sha256  $archive" | sha256sum --check --quiet >&2
    tar -xzf "$archive" -C "$work"
    # As RHEL 8 builds it, plus what Python's module looks for when it was built with a newer one.
    "${CC:-cc}" -O2 -w -shared -fPIC -Wl,-soname,libsqlite3.so.0 -o "$work/libsqlite3.so.0" \
        -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS3_PARENTHESIS \
        -DSQLITE_ENABLE_JSON1 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_COLUMN_METADATA \
        -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_UNLOCK_NOTIFY -DSQLITE_ENABLE_DESERIALIZE \
        -DSQLITE_SECURE_DELETE=1 -DSQLITE_THREADSAFE=1 -DHAVE_FDATASYNC=1 \
        "$work/sqlite-autoconf-3260000/sqlite3.c" -lpthread -ldl -lm
    mv "$work/libsqlite3.so.0" "$library"
fi
echo "$folder"
