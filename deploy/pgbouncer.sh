#!/bin/sh
# Runs pgBouncer in a container.
#
#     pgbouncer.sh run      in the foreground
#     pgbouncer.sh reload   takes up a changed password, and disconnects nobody
#
# DATABASE_HOST                          where PostgreSQL is
# DATABASE_PASSWORD                      coalition_app's
# DATABASE_READER_PASSWORD               coalition_reader's
# DATABASE_CA_BUNDLE                     its authorities' certificates: TLS to PostgreSQL, verified
# POOL_TLS_CERTIFICATE and POOL_TLS_KEY  in PEM: TLS for the clients, required
#
# With _FILE after its name, a password, certificate or key is read from that file.
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

write_userlist() {
    {
        user coalition_app DATABASE_PASSWORD
        user coalition_reader DATABASE_READER_PASSWORD
    } >"$folder/userlist.unfinished"
    mv "$folder/userlist.unfinished" "$folder/userlist.txt"
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
        echo "server_tls_ca_file = $DATABASE_CA_BUNDLE"
    fi
    if [ -n "$(value POOL_TLS_CERTIFICATE)" ]; then
        value POOL_TLS_CERTIFICATE >"$folder/certificate.pem"
        value POOL_TLS_KEY >"$folder/key.pem"
        echo "client_tls_sslmode = require"
        echo "client_tls_cert_file = $folder/certificate.pem"
        echo "client_tls_key_file = $folder/key.pem"
        # No client shows a certificate, and yet newer versions do not start without this.
        echo "client_tls_ca_file = $folder/certificate.pem"
    fi
    echo "[databases]"
    echo "coalition = host=$DATABASE_HOST port=${DATABASE_PORT:-5432}"
}

write_userlist
case $1 in
    run)
        [ -n "${DATABASE_HOST:-}" ] || fail "Set DATABASE_HOST to where PostgreSQL is."
        write_configuration >"$folder/pgbouncer.ini"
        exec pgbouncer "$folder/pgbouncer.ini"
        ;;
    reload)
        kill -HUP "$(cat "$folder/pgbouncer.pid")"
        ;;
esac
