#!/bin/bash
# Makes the file system of a RHEL-like host from Debian's packages: systemd, dnf, rpm, firewalld, nginx, sshd, and no dpkg.
# Packages are unpacked and not configured: what little of that matters is done below. README.md lists what is a stand-in.
#   tree.sh TREE CACHE PYTHON SQLITE
# TREE: the folder to make. CACHE: an empty folder for downloaded packages. PYTHON: the prefix of a CPython 3.12.
# SQLITE: the folder of a libsqlite3.so.0 of version 3.26.
set -euo pipefail

tree=$1 cache=$2 python=$3 sqlite=$4
packages=(
    base-files base-passwd bash coreutils dash debianutils diffutils findutils grep gzip hostname libc-bin login mawk mount passwd
    procps sed tar util-linux xz-utils netbase iproute2 libpam-modules libpam-runtime
    systemd systemd-sysv dbus libpam-systemd acl openssl ca-certificates socat
    rpm dnf python3-dnf python3-rpm firewalld nftables python3-firewall openssh-server nginx-light python3
    certmonger libffi8 libssl3 libsqlite3-0 libncursesw6 libreadline8 libuuid1 zlib1g libbz2-1.0 liblzma5
)

mkdir -p "$cache/partial" "$tree"/usr/{bin,sbin,lib,lib64}
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$tree" # RHEL's /bin is /usr/bin
: >"$cache/status"
apt-get -qq -y -o Dir::State::status="$cache/status" -o Dir::Cache::archives="$cache" -o Debug::NoLocking=1 \
    -o APT::Sandbox::User=root --download-only --no-install-recommends install "${packages[@]}" >/dev/null
find "$cache" -maxdepth 1 -name '*.deb' -print0 | xargs -0 -P2 -n1 bash -c '
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$0" --keep-directory-symlink \
        --exclude="./usr/share/doc/*" --exclude="./usr/share/man/*" --exclude="./usr/share/locale/*"' "$tree"

# --- what the packages' scripts would have done ---
cp "$tree/usr/share/base-passwd/passwd.master" "$tree/etc/passwd"
cp "$tree/usr/share/base-passwd/group.master" "$tree/etc/group"
cp "$tree/usr/share/base-files/profile" "$tree/etc/profile"
sed -i 's/^root:\*:/root::/' "$tree/etc/passwd"
printf '%s\n' 'passwd: files systemd' 'group: files systemd' 'shadow: files' 'hosts: files myhostname' 'services: files' \
    'protocols: files' >"$tree/etc/nsswitch.conf"
ln -sf mawk "$tree/usr/bin/awk"
for kind in auth account password session session-noninteractive; do
    echo "${kind%-noninteractive} required pam_unix.so" >"$tree/etc/pam.d/common-$kind"
done
echo 'session optional pam_systemd.so' >>"$tree/etc/pam.d/common-session"
printf '%s\n' 'u sshd - - /run/sshd' 'u nginx - - /var/lib/nginx' >"$tree/usr/lib/sysusers.d/host.conf"
mkdir -p "$tree/root" "$tree/var/lib/rpm" "$tree/var/lib/nginx" "$tree/var/log/nginx" "$tree/usr/libexec"

# --- what makes it look like RHEL 8.10 ---
rm -f "$tree/usr/lib/os-release"
printf '%s\n' 'NAME="Red Hat Enterprise Linux"' 'VERSION="8.10 (Ootpa)"' 'ID="rhel"' 'ID_LIKE="fedora"' 'VERSION_ID="8.10"' \
    'PLATFORM_ID="platform:el8"' 'PRETTY_NAME="Red Hat Enterprise Linux 8.10 (a stand-in)"' >"$tree/usr/lib/os-release"
echo 'Red Hat Enterprise Linux release 8.10 (Ootpa)' >"$tree/etc/redhat-release"
ln -s /usr/bin/python3 "$tree/usr/libexec/platform-python"
cp "$tree/usr/share/openssh/sshd_config" "$tree/etc/ssh/sshd_config"
printf '%s\n' '#!/bin/sh' 'exit 1' >"$tree/usr/sbin/selinuxenabled"
chmod 0755 "$tree/usr/sbin/selinuxenabled"
# As on RHEL, a package's services are off until somebody enables them.
mkdir -p "$tree/usr/lib/systemd/system-preset"
echo 'disable *' >"$tree/usr/lib/systemd/system-preset/99-default-disable.preset"
rm -f "$tree/etc/nginx/sites-enabled/"*
sed -i 's/^user .*/user nginx;/' "$tree/etc/nginx/nginx.conf"
mkdir -p "$tree/etc/pki/tls/certs" "$tree/etc/pki/tls/private" "$tree/etc/sysconfig" "$tree/etc/yum.repos.d" "$tree/srv/rhel"
rm -f "$tree/etc/yum.repos.d/"*
mkdir -p "$tree/etc/dnf/vars"
echo 8 >"$tree/etc/dnf/vars/releasever"
printf '%s\n' '[rhel]' 'name=Stand-ins for RHEL' 'baseurl=file:///srv/rhel' 'gpgcheck=0' 'metadata_expire=1' \
    >"$tree/etc/yum.repos.d/rhel.repo"

# python3.12 and its SQLite, compiled as RHEL's is: the user chatd could not keep what it compiles. The package python3.12 of
# the repository brings the command.
mkdir -p "$tree/opt/python3.12" "$tree/opt/sqlite-3.26"
tar -c -C "$python" --exclude=test --exclude=tests --exclude='*.a' --exclude=idlelib --exclude=site-packages \
    --exclude=ensurepip --exclude=include --exclude=share . | tar -x -C "$tree/opt/python3.12"
cp "$sqlite/libsqlite3.so.0" "$tree/opt/sqlite-3.26/"
printf '%s\n' /opt/sqlite-3.26 /opt/python3.12/lib >"$tree/etc/ld.so.conf.d/00-python3.12.conf"

cat >"$tree/root/setup" <<'SETUP'
set -e
ldconfig
systemd-sysusers 2>/dev/null
ssh-keygen -q -A
systemctl -q enable dbus firewalld ssh
systemctl -q disable nginx || true
systemctl -q mask systemd-firstboot systemd-networkd-wait-online systemd-networkd getty.target console-getty polkit
systemctl -q set-default multi-user.target
systemctl -q disable apt-daily.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer 2>/dev/null || true
rpm --initdb
SETUP
systemd-nspawn --quiet --register=no --keep-unit --private-network --as-pid2 -D "$tree" bash /root/setup </dev/null
rm "$tree/root/setup"
tr -d - </proc/sys/kernel/random/uuid >"$tree/etc/machine-id"
mkdir -p -m 0700 "$tree/root/.ssh"
ssh-keygen -q -t ed25519 -N '' -C host -f "$tree/root/.ssh/id_ed25519"
cp "$tree/root/.ssh/id_ed25519.pub" "$tree/root/.ssh/authorized_keys"
