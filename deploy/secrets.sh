#!/bin/sh
# Makes the passwords and the key that are missing, and hands each service those it needs: in
# a folder of its own below $1, which nobody else gets to see.
set -eu
cd "$1"

# Makes the file $1 with 64 random hexadecimal digits, unless it exists.
make() {
    if [ ! -e "$1" ]; then
        od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' >"$1.unfinished"
        mv "$1.unfinished" "$1"
    fi
}

make database/superuser_password
make database/master_password
make database/app_password
make database/reader_password
make api/secret_key

master=$(cat database/master_password)
app=$(cat database/app_password)
reader=$(cat database/reader_password)
printf %s "$app" >pool/app_password
printf %s "$reader" >pool/reader_password
printf %s "postgresql://coalition_master:$master@database:5432/coalition" >migration/database_url
printf %s "postgresql://coalition_app:$app@pgbouncer:6432/coalition" >api/database_url
printf %s "postgresql://coalition_reader:$reader@pgbouncer:6432/coalition" >api/database_reader_url
