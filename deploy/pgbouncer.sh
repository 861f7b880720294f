#!/bin/sh
# Runs pgBouncer in a container.
#
#     pgbouncer.sh run      in the foreground; files that change are taken up, nobody is disconnected
#     pgbouncer.sh reload   has that done at once
#
# DATABASE_HOST                          where PostgreSQL is
# DATABASE_PASSWORD                      coalition_app's
# DATABASE_READER_PASSWORD               coalition_reader's
# DATABASE_USERLIST                      instead of both: what `manage.py write_userlist` writes
# DATABASE_CA_BUNDLE                     its authorities' certificates: TLS to PostgreSQL, verified
# POOL_TLS_CERTIFICATE and POOL_TLS_KEY  in PEM: TLS for the clients, required
#
# With _FILE after its name, a password, userlist, certificate or key is read from that file.
set -eu
umask 077
here=$(dirname "$0")
folder=${RUNTIME_DIRECTORY:-/run/pool}

fail() {
    echo "$1" >&2
    exit 1
}

# Prints the variable $1, or what the file that $1_FILE names holds.
value() {
    eval "file=\${$1_FILE:-}"
    if [ -n "$file" ]; then
        cat "$file"
    else
        eval "printf '%s\n' \"\${$1:-}\""
    fi
}

# Prints the line of the role $1, whose password the variable $2 holds.
user() {
    password=$(value "$2" | sed 's/"/""/g')
    [ -n "$password" ] || fail "Set $2, or $2_FILE to the file that holds it."
    printf '"%s" "%s"\n' "$1" "$password"
}

users() {
    userlist=$(value DATABASE_USERLIST)
    if [ -n "$userlist" ]; then
        printf '%s\n' "$userlist"
    else
        user coalition_app DATABASE_PASSWORD
        user coalition_reader DATABASE_READER_PASSWORD
    fi
}

# Makes the file $1 what a command, the other arguments, prints: all of it, or nothing.
keep() {
    target=$folder/$1
    shift
    "$@" >"$target.$$" || fail "There is nothing to make $target of."
    if cmp -s "$target.$$" "$target"; then
        rm "$target.$$"
    else
        mv "$target.$$" "$target"
        has_changed=yes
    fi
}

# Brings the files of pgBouncer up to date with the variables, and with the files that they name.
update() {
    has_changed=
    keep userlist.txt users
    if [ -n "${DATABASE_CA_BUNDLE:-}" ]; then
        keep authorities.pem cat "$DATABASE_CA_BUNDLE"
    fi
    if [ -n "$(value POOL_TLS_CERTIFICATE)" ]; then
        keep key.pem value POOL_TLS_KEY
        keep certificate.pem value POOL_TLS_CERTIFICATE
    fi
}

# Takes up what has changed, and tells pgBouncer, the process $1.
take_up() {
    update
    [ -n "$has_changed" ] || return 0
    # It leaves its encrypted connections to PostgreSQL then. If one were just logging in, clients
    # would be refused: so let none begin (PAUSE), and clients wait.
    kill -USR1 "$1"
    sleep 0.3
    kill -HUP "$1"
    sleep 0.1
    kill -USR2 "$1"
}

# Does so for as long as pgBouncer runs.
follow() {
    while sleep 2 && kill -0 "$1" 2>/dev/null; do
        # In a shell of its own, which a file that is missing for a moment may end.
        (take_up "$1") || continue
    done
}

await_userlist() {
    [ -n "${DATABASE_USERLIST_FILE:-}" ] || return 0
    for _ in $(seq 60); do
        [ ! -s "$DATABASE_USERLIST_FILE" ] || return 0
        sleep 1
    done
    fail "There is no $DATABASE_USERLIST_FILE after a minute: does write_userlist run, and where?"
}

write_configuration() {
    cat "$here/pgbouncer.ini"
    echo "listen_addr = 0.0.0.0"
    echo "listen_port = ${POOL_PORT:-6432}"
    echo "unix_socket_dir ="
    echo "auth_file = $folder/userlist.txt"
    echo "pidfile = $folder/pgbouncer.pid"
    if [ -n "${DATABASE_CA_BUNDLE:-}" ]; then
        echo "server_tls_sslmode = verify-full"
        echo "server_tls_ca_file = $folder/authorities.pem"
    fi
    if [ -n "$(value POOL_TLS_CERTIFICATE)" ]; then
        echo "client_tls_sslmode = require"
        echo "client_tls_cert_file = $folder/certificate.pem"
        echo "client_tls_key_file = $folder/key.pem"
        # No client shows a certificate, and yet newer versions do not start without this.
        echo "client_tls_ca_file = $folder/certificate.pem"
    fi
    echo "[databases]"
    echo "coalition = host=$DATABASE_HOST port=${DATABASE_PORT:-5432}"
}

case $1 in
    run)
        [ -n "${DATABASE_HOST:-}" ] || fail "Set DATABASE_HOST to where PostgreSQL is."
        await_userlist
        update
        write_configuration >"$folder/pgbouncer.ini"
        follow $$ &
        exec pgbouncer "$folder/pgbouncer.ini"
        ;;
    reload)
        take_up "$(cat "$folder/pgbouncer.pid")"
        ;;
esac
