#!/bin/bash
# Builds the stand-in RPMs into a folder and makes a repository of it: standins.sh FOLDER NAME=[EPOCH:]VERSION=PROVIDES...
set -euo pipefail

folder=$1
shift
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

first=1
{
    for each in "$@"; do
        IFS='=' read -r name version provides <<<"$each"
        epoch=${version%%:*}
        [ "$epoch" = "$version" ] && epoch=0
        if ((first)); then
            printf '%s\n' "Name: stand-ins" "Version: 8.10" "Release: 1.el8" "Summary: Stand-ins for packages of RHEL" \
                "License: ASL 2.0" "BuildArch: noarch" "%description" "Stand-ins."
            first=0
        fi
        printf '%s\n' "%package -n $name" "Summary: A stand-in" "Version: ${version#*:}" "Epoch: $epoch" \
            ${provides:+"Provides: $provides"} "%description -n $name" "A stand-in." "%files -n $name"
    done
    # The command; what it runs is in the tree.
    printf '%s\n' "%package -n python3.12" "Summary: A stand-in" "Version: 3.12.3" "Release: 2.el8" "%description -n python3.12" \
        "A stand-in." "%files -n python3.12" "/usr/bin/python3.12" \
        "%install" "mkdir -p %{buildroot}/usr/bin" "ln -s /opt/python3.12/bin/python3.12 %{buildroot}/usr/bin/python3.12"
} >"$top/stand-ins.spec"
rpmbuild -bb --quiet --nodeps --define "_topdir $top" --define "_binary_payload w0.gzdio" "$top/stand-ins.spec" >"$top/log" 2>&1 ||
    { cat "$top/log" >&2; exit 1; }
cp "$top"/RPMS/noarch/*.rpm "$folder"
createrepo_c --quiet "$folder"
