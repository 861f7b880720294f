#!/bin/bash
# Puts a backup into the new database that initialise.sh has made: all of it, or nothing.
#
#     restore.sh coalition.dump
#
# As coalition_master, on PostgreSQL's own port: PGHOST, PGUSER and the like say where.
set -euo pipefail

{
    echo "BEGIN;"
    # Each table of the backup has its privileges, and some have fewer than new tables are given.
    echo "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM coalition_app;"
    echo "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM coalition_app;"
    # What initialise.sh has made is there: the schema, and the extensions, PostGIS's table among
    # them. The privileges of new tables are in the backup.
    pg_restore --schema=public --use-list=<(pg_restore --list "$1" | grep -v " spatial_ref_sys ") \
        --file=- "$1"
    echo "COMMIT;"
} | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=coalition >/dev/null
