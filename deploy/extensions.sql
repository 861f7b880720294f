-- The extensions, which only a superuser may create. psql runs it, connected to coalition.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS postgis_topology;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE EXTENSION IF NOT EXISTS postgis_tiger_geocoder;
-- Indexes for the search in names.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The topology and geocoder extensions add their schemas, with tables named state, county
-- and place, to the database's search path.
ALTER DATABASE coalition SET search_path = public;
