#!/bin/sh
# Creates the roles, the database and its extensions, as the superuser that PGUSER and the
# like name. Where the images run it, the passwords are in files.
set -eu

here=${COALITION_DEPLOY:-$(dirname "$0")}

for name in COALITION_MASTER_PASSWORD COALITION_APP_PASSWORD COALITION_READER_PASSWORD; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        export "$name=$(cat "$file")"
    fi
done

psql --no-psqlrc --quiet --dbname=postgres --file="$here/roles.sql" >/dev/null
psql --no-psqlrc --quiet --dbname=coalition --file="$here/extensions.sql" >/dev/null
