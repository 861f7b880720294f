-- The database and its three roles, each with a clone. psql runs it as a superuser, or as a
-- service's master user that may create roles and databases, connected to any database; run it
-- again to change the passwords.

\set ON_ERROR_STOP on
\getenv master_password COALITION_MASTER_PASSWORD
\getenv app_password COALITION_APP_PASSWORD
\getenv reader_password COALITION_READER_PASSWORD

SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY['coalition_master', 'coalition_app', 'coalition_reader']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

-- Owns the schema, and connects directly: migrations need session state.
ALTER ROLE coalition_master LOGIN PASSWORD :'master_password';
-- Writes, and reads what the public does not see, through the pool.
ALTER ROLE coalition_app LOGIN PASSWORD :'app_password';
-- Serves the public, through the pool: it reads what migrations grant it, which are views.
ALTER ROLE coalition_reader LOGIN PASSWORD :'reader_password';

-- Only a superuser may give away a database, or set privileges for others, without belonging
-- to them.
SELECT 'GRANT coalition_master TO CURRENT_USER'
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
\gexec

-- In the same order on every machine, a service's included, and for every language.
SELECT 'CREATE DATABASE coalition OWNER coalition_master TEMPLATE template0 ENCODING UTF8 '
       'LOCALE_PROVIDER icu ICU_LOCALE und'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'coalition')
\gexec

\connect coalition

-- By default everybody may connect, and create temporary tables.
REVOKE ALL ON DATABASE coalition FROM PUBLIC;
GRANT CONNECT ON DATABASE coalition TO coalition_app, coalition_reader;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO coalition_master;
GRANT USAGE ON SCHEMA public TO coalition_app, coalition_reader;

-- For the tables that migrations are yet to create. The migrations table is taken away
-- again by the migration that follows its creation.
ALTER DEFAULT PRIVILEGES FOR ROLE coalition_master IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO coalition_app;
ALTER DEFAULT PRIVILEGES FOR ROLE coalition_master IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO coalition_app;

-- On the role, because a pooled connection forgets what a client sets.
ALTER ROLE coalition_app IN DATABASE coalition SET statement_timeout = '15s';
ALTER ROLE coalition_app IN DATABASE coalition SET lock_timeout = '5s';
ALTER ROLE coalition_app IN DATABASE coalition SET idle_in_transaction_session_timeout = '60s';
-- Compiling a query takes longer than answering any of ours.
ALTER ROLE coalition_app IN DATABASE coalition SET jit = off;
-- Whoever reads for longer than this asks for too much, and others wait.
ALTER ROLE coalition_reader IN DATABASE coalition SET statement_timeout = '3s';
ALTER ROLE coalition_reader IN DATABASE coalition SET lock_timeout = '3s';
ALTER ROLE coalition_reader IN DATABASE coalition SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE coalition_reader IN DATABASE coalition SET default_transaction_read_only = on;
ALTER ROLE coalition_reader IN DATABASE coalition SET jit = off;
-- An error's statement has what people sent in it, and its details have whole rows: the log gets
-- neither. Only a superuser may say so here; a service's parameters must (docs/deployment.md).
SELECT format('ALTER ROLE %I IN DATABASE coalition SET %s', role, setting)
FROM unnest(ARRAY['coalition_master', 'coalition_app', 'coalition_reader']) AS role,
    unnest(ARRAY['log_min_error_statement = panic', 'log_error_verbosity = terse']) AS setting
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
\gexec
-- Answers, and exports, have times as PostgreSQL writes them.
ALTER ROLE coalition_app IN DATABASE coalition SET datestyle = 'ISO, MDY';
ALTER ROLE coalition_reader IN DATABASE coalition SET datestyle = 'ISO, MDY';
-- A migration that waits for a lock makes every later query wait behind it.
ALTER ROLE coalition_master IN DATABASE coalition SET lock_timeout = '5s';

-- A service that rotates secrets by alternating users gives each role's secret the name of its
-- clone every other time, and that a password; until then nobody can come as a clone. It has the
-- role's rights, whatever it makes belongs to the role, and its settings are copied, for those are
-- not inherited.
SELECT format('CREATE ROLE %I LOGIN', role || '_clone')
FROM unnest(ARRAY['coalition_master', 'coalition_app', 'coalition_reader']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role || '_clone')
\gexec
SELECT format(statement, role, role || '_clone')
FROM unnest(ARRAY['coalition_master', 'coalition_app', 'coalition_reader']) AS role,
    unnest(ARRAY[
        'GRANT %1$I TO %2$I',
        'ALTER ROLE %2$I IN DATABASE coalition RESET ALL',
        'ALTER ROLE %2$I IN DATABASE coalition SET role = %1$L'
    ]) AS statement
\gexec
SELECT format('ALTER ROLE %I IN DATABASE coalition SET %I = %L',
              rolname || '_clone', split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1))
FROM pg_db_role_setting
    JOIN pg_roles ON pg_roles.oid = setrole
    JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS setting
WHERE rolname IN ('coalition_master', 'coalition_app', 'coalition_reader') AND datname = 'coalition'
\gexec
