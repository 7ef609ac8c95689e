#!/bin/bash
# Makes a repository of what watches chatd and RHEL does not have: watchers.sh FOLDER
# prometheus is Debian's program in an RPM. grafana and pcp-pmda-openmetrics are stand-ins: the user, the folders and a unit that the
# real ones bring, and for PCP an agent whose Install says that it was called.
set -euo pipefail

folder=$1
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

cat >"$top/watchers.spec" <<'SPEC'
Name: prometheus
Version: 2.42.0
Release: 1.el8
Summary: Debian's Prometheus
License: ASL 2.0
AutoReqProv: no
%global _buildshell /bin/bash
%global debug_package %{nil}
%global __os_install_post %{nil}
%description
Debian's Prometheus.
%package -n grafana
Summary: A stand-in
AutoReqProv: no
%description -n grafana
A stand-in.
%package -n pcp-pmda-openmetrics
Summary: A stand-in
AutoReqProv: no
%description -n pcp-pmda-openmetrics
A stand-in.
%install
mkdir -p %{buildroot}/usr/{bin,lib/systemd/system} %{buildroot}/etc/{prometheus,grafana/provisioning/{datasources,dashboards}}
mkdir -p %{buildroot}/var/lib/{prometheus,pcp/pmdas/openmetrics/config.d}
cp /usr/bin/prometheus /usr/bin/promtool %{buildroot}/usr/bin/
unit() { printf '%s\n' '[Service]' "ExecStart=$2" 'ExecReload=/bin/kill -HUP $MAINPID' '[Install]' 'WantedBy=multi-user.target' \
    >%{buildroot}/usr/lib/systemd/system/$1.service; }
unit prometheus "/usr/bin/prometheus --config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/var/lib/prometheus"
unit grafana-server "/usr/bin/sleep infinity"
unit pmcd "/usr/bin/sleep infinity"
agent=%{buildroot}/var/lib/pcp/pmdas/openmetrics/Install
printf '%s\n' '#!/bin/sh' 'echo installed >>/var/lib/pcp/pmdas/openmetrics/said' >$agent
printf '%s\n' '#!/bin/sh' 'test -e /var/lib/pcp/pmdas/openmetrics/said' >%{buildroot}/usr/bin/pminfo
chmod 0755 $agent %{buildroot}/usr/bin/pminfo
%pre -n grafana
getent group grafana >/dev/null || groupadd -r grafana
%files
/usr/bin/prometheus
/usr/bin/promtool
/usr/lib/systemd/system/prometheus.service
%dir /etc/prometheus
%dir /var/lib/prometheus
%files -n grafana
/usr/lib/systemd/system/grafana-server.service
/etc/grafana
%files -n pcp-pmda-openmetrics
/usr/bin/pminfo
/usr/lib/systemd/system/pmcd.service
/var/lib/pcp
SPEC
rpmbuild -bb --quiet --nodeps --define "_topdir $top" --define "_binary_payload w0.gzdio" "$top/watchers.spec" >"$top/log" 2>&1 ||
    { cat "$top/log" >&2; exit 1; }
mkdir -p "$folder"
cp "$top"/RPMS/*/*.rpm "$folder"
createrepo_c --quiet "$folder"
