#!/bin/bash
# Builds the source RPM and the RPMs into dist/ (or the folder named first). Further arguments go to rpmbuild, such as
# --define "chatd_release 2". Needs rpmbuild, the package's interpreter and selinux-policy-devel (Debian: selinux-policy-dev).
# CHATD_RPMBUILD names another folder to build in; the source RPM may name it, so it is part of what makes two builds the same.
set -euo pipefail

cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-dist}")
shift || true
python=${CHATD_PYTHON:-python3.12}

for tool in rpmbuild git make bzip2; do
    command -v "$tool" >/dev/null || { echo "make rpm: there is no $tool here" >&2; exit 1; }
done
"$python" -c 'import pip' 2>/dev/null || { echo "make rpm: $python with pip is needed; CHATD_PYTHON names another" >&2; exit 1; }
[ -e /usr/share/selinux/devel/Makefile ] || { echo "make rpm: install selinux-policy-devel" >&2; exit 1; }

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8 PYTHONHASHSEED=0 PIP_DISABLE_PIP_VERSION_CHECK=1
umask 022

# Newer versions of RPM write the folder of the build into the package, so it is the same each time; one build at a time.
top=${CHATD_RPMBUILD:-/tmp/chatd-rpmbuild-$UID}
mkdir -p -m 0700 "$top"
[ -O "$top" ] && [ ! -L "$top" ] || { echo "make rpm: $top belongs to somebody else" >&2; exit 1; }
exec 9<"$top"
flock 9

# What builds has a process group of its own: whoever stops this stops all of it, and only then is the folder emptied.
child=
run() {
    setsid "$@" &
    child=$!
    wait "$child"
    child=
}
finish() {
    trap '' TERM INT HUP
    if [ -n "$child" ]; then
        kill -- "-$child" 2>/dev/null || true
        for _ in {1..100}; do
            kill -0 -- "-$child" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$child" 2>/dev/null || true
        wait "$child" || true
    fi
    rm -rf "${top:?}"/*
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

rm -rf "${top:?}"/*
run "$python" packaging/sources.py --wheelhouse .cache/wheelhouse --epoch "$SOURCE_DATE_EPOCH" "$top/SOURCES"

options=(--define "_topdir $top" --define "_smp_mflags -j1")
if [ -z "$(rpm --eval '%{?rhel}%{?fedora}')" ]; then
    # Not an Enterprise Linux: its macros from here, and the packages that are needed are not looked for in RPM's database.
    options+=(--load packaging/macros.el8 --nodeps)
fi
mkdir -p "$top/bin" "$out"
# The spec file calls the interpreter by the name that it has on Enterprise Linux.
ln -s "$(command -v "$("$python" -c 'import sys; print(sys.executable)')")" "$top/bin/python3.12"
run env PATH="$top/bin:$PATH" rpmbuild -ba --quiet "${options[@]}" "$@" "$top/SOURCES/chatd.spec"
cp "$top"/SRPMS/*.rpm "$top"/RPMS/*/*.rpm "$out"
