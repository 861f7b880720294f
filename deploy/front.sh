#!/bin/sh
# Runs nginx in front of the API, on its machine or in a container that shares its network.
#
# LISTEN           an address and port, or a port: 8000
# API_PORT         where the API is: 8001
# HEALTH_PORT      where its workers answer /health/…: 8002
# TRUSTED_PROXIES  networks of the proxies before it, whose X-Forwarded-For is believed: none
# FRONT_FOLDER     where it may write: /run/front
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
folder=${FRONT_FOLDER:-/run/front}

proxies() {
    for network in $(echo "${TRUSTED_PROXIES:-}" | tr ',' ' '); do
        echo "set_real_ip_from $network;"
    done
    echo "real_ip_header X-Forwarded-For;"
    echo "real_ip_recursive on;"
}

# More than once the same: what only reads is asked of another worker when one dies. In all as many
# as can wait for a thread before the API gives them up.
upstream() {
    server="server 127.0.0.1:$2 max_fails=0 max_conns=80;"
    # The kernel gives each connection to one of the workers, and the last one used is used first:
    # for ever, one of them would do nearly all the work.
    echo "upstream $1 { zone $1 64k; $server $server $server keepalive 64; keepalive_requests 16; }"
}

{
    proxies
    upstream api "${API_PORT:-8001}"
    upstream health "${HEALTH_PORT:-8002}"
    echo "server { listen ${LISTEN:-8000} backlog=4096; include \"$here/nginx_server.conf\"; }"
} >"$folder/places.conf"
{
    cat "$here/nginx.conf"
    # Its workers would be nobody's, and could not write to the folder.
    [ "$(id -u)" -ne 0 ] || echo "user root;"
} >"$folder/nginx.conf"
exec /usr/sbin/nginx -e stderr -p "$folder" -c "$folder/nginx.conf"
