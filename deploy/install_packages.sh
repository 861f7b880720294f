#!/bin/sh
# Installs the named packages, as root, without their services: the stack starts its own
# servers, and a machine's ports 5432 and 6432 are none of its business.
set -eu

policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/coalition.conf
mark='# Of deploy/install_packages.sh, while it runs.'

undo() {
    rm -f "$no_cluster"
    # The machine may have a policy of its own, and an earlier run may have been killed.
    if grep -qsF "$mark" "$policy"; then
        rm -f "$policy"
    fi
}
trap undo EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

has_service() {
    [ -e "/etc/init.d/$1" ]
}

new_services=
for service in postgresql pgbouncer nginx redis-server; do
    has_service "$service" || new_services="$new_services $service"
done

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod +x "$policy"
fi
mkdir -p "${no_cluster%/*}"
echo 'create_main_cluster = false' >"$no_cluster"

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null

# Nor do those that came now start at the next boot, with systemd or without.
for service in $new_services; do
    if has_service "$service"; then
        update-rc.d "$service" disable
        # It wants to be told of a package, and keeps its notes by service.
        DPKG_MAINTSCRIPT_PACKAGE=$service deb-systemd-helper disable "$service.service" >/dev/null
    fi
done
