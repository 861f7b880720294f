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

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod +x "$policy"
fi
mkdir -p "${no_cluster%/*}"
echo 'create_main_cluster = false' >"$no_cluster"

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null

# Nor at the next boot, with systemd or without.
case " $* " in
*" pgbouncer "*)
    update-rc.d pgbouncer disable
    DPKG_MAINTSCRIPT_PACKAGE=pgbouncer deb-systemd-helper disable pgbouncer.service >/dev/null
    ;;
esac
