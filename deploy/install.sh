#!/bin/sh
# Installs what the stack needs and is not there: PostgreSQL with PostGIS, pgBouncer, and a
# virtual environment in .venv from one of the lock files; for development, the npm packages of
# the TypeScript client and of the example map as well. And a command, from the package of its name.
#
#     deploy/install.sh runtime|development [COMMAND]
set -eu
cd "$(dirname "$0")/.."
lock=requirements/$1.txt
python=${PYTHON:-python3}
npm_folders=
[ "$1" = runtime ] || npm_folders="clients/typescript docs/examples tests/node"

fail() {
    echo "$1" >&2
    exit 1
}

# A PostgreSQL of 15 or later beside its PostGIS, extensions in SQL included.
postgis_is_installed() {
    for control in /usr/share/postgresql/*/extension/postgis_tiger_geocoder.control; do
        version=${control#/usr/share/postgresql/}
        version=${version%%/*}
        if [ -e "$control" ] && [ "$version" -ge 15 ] && [ -x "/usr/lib/postgresql/$version/bin/initdb" ]; then
            return 0
        fi
    done
    return 1
}

# A file beside what was installed from a lock file, named after that file's checksum.
stamp() {
    echo "$1-$(cksum <"$2" | tr ' ' -)"
}

python_packages_are_installed() {
    [ -e "$(stamp ".venv/$1" "$lock")" ] && .venv/bin/python -c '' 2>/dev/null
}

npm_packages_are_installed() {
    [ -e "$(stamp "$1/node_modules/installed" "$1/package-lock.json")" ]
}

# Refuses a folder, if it is there, before other work is done in vain.
require_writable() {
    [ -e "$1" ] && [ ! -w "$1" ] || return 0
    reason="is read-only"
    [ -O "$1" ] || [ "$(id -u)" -eq 0 ] || reason="belongs to $(stat -c %U "$1")"
    fail "Cannot install packages in $(realpath "$1"): it $reason. Clone the repository into a folder of your own, or make this one writable."
}

require_all_writable() {
    for target in "$@"; do
        require_writable "$target"
    done
}

python_packages_are_installed "$1" || require_all_writable . .venv
for folder in $npm_folders; do
    npm_packages_are_installed "$folder" || require_all_writable "$folder" "$folder/node_modules"
done

[ "$python" = python3 ] || command -v "$python" >/dev/null ||
    fail "There is no $python here. Name another Python, of 3.11 to 3.14: PYTHON=python3 make run."

missing=
postgis_is_installed || missing="$missing postgresql-postgis"
[ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
[ -x /usr/sbin/nginx ] || missing="$missing nginx"
[ "$1" = runtime ] || command -v redis-server >/dev/null || missing="$missing redis-server"
command -v "$python" >/dev/null || missing="$missing python3"
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
[ -z "${2:-}" ] || command -v "$2" >/dev/null || missing="$missing $2"

if [ -n "$missing" ]; then
    command -v apt-get >/dev/null ||
        fail "Install PostgreSQL 15 or later with PostGIS, pgBouncer, nginx, Python's venv and for development Redis: this machine has no apt-get to do it with."
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        command -v sudo >/dev/null ||
            fail "Missing:$missing. There is no sudo to install them with: run 'sh deploy/install_packages.sh$missing' as root, then this again."
    fi
    echo "Installing$missing (once, about a minute) …"
    # shellcheck disable=SC2086 # one argument for each package
    $as_root sh deploy/install_packages.sh $missing ||
        fail "The packages could not be installed; what apt-get said is above. Mend that, or install$missing yourself, then run this again."
    postgis_is_installed ||
        fail "PostgreSQL 15 or later with PostGIS is needed, and this release has an older one. Install postgresql-16-postgis-3 from the PostgreSQL project's own packages, then run this again."
fi

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' ||
    fail "Python 3.11 to 3.14 is needed, and $python is $("$python" --version). Name another: PYTHON=python3.12 make run."

if ! python_packages_are_installed "$1"; then
    echo "Installing the Python packages of $lock (once, about a minute) …"
    .venv/bin/python -c '' 2>/dev/null || "$python" -m venv --clear .venv ||
        fail "The virtual environment could not be made in $PWD/.venv; what Python said is above."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes --only-binary :all: -r "$lock" ||
        fail "The Python packages could not be installed; what pip said is above."
    # What serves development serves at run time too.
    touch "$(stamp ".venv/$1" "$lock")" "$(stamp .venv/runtime requirements/runtime.txt)"
fi

for folder in $npm_folders; do
    if ! npm_packages_are_installed "$folder"; then
        echo "Installing the npm packages of $folder (once, some seconds) …"
        PATH="$PWD/.venv/bin:$PATH" npm --prefix "$folder" --loglevel=error ci ||
            fail "The npm packages could not be installed; what npm said is above."
        touch "$(stamp "$folder/node_modules/installed" "$folder/package-lock.json")"
    fi
done
