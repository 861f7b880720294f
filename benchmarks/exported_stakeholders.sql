SELECT
    id, name, organization, role, email, type, state, county,
    ST_X(location::geometry) AS longitude,
    ST_Y(location::geometry) AS latitude,
    ST_X(public_location::geometry) AS public_longitude,
    ST_Y(public_location::geometry) AS public_latitude,
    is_public, email_updates, created_at, updated_at
FROM stakeholders_stakeholder
WHERE deleted_at IS NULL
ORDER BY id
