#!/bin/sh
# Installs the named packages, as root, without their services: the stack starts its own
# servers, and a machine's port 5432 is none of its business.
set -eu

created=
undo() {
    # shellcheck disable=SC2086 # one argument for each file
    rm -f $created
}
trap undo EXIT

if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    created=/usr/sbin/policy-rc.d
fi
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/coalition.conf
created="$created /etc/postgresql-common/createcluster.d/coalition.conf"

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null
