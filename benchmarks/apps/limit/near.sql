-- The index knows the order on a sphere, which differs a little from that on the spheroid: it
-- tells how far the nearest are, and those as far, and a little more, are put in order.
WITH reach AS (
    SELECT least(%(metres)s, 1.01 * max(metres)) AS metres
    FROM (
        SELECT
            ST_Distance(
                public_location,
                ST_SetSRID(ST_MakePoint(%(longitude)s, %(latitude)s), 4326)::geography
            ) AS metres
        FROM stakeholders_stakeholder
        WHERE is_public AND deleted_at IS NULL
        ORDER BY
            public_location
            <-> ST_SetSRID(ST_MakePoint(%(longitude)s, %(latitude)s), 4326)::geography
        LIMIT %(limit)s::int
    ) AS nearest
)
SELECT
    '{"type":"FeatureCollection","numberReturned":' || count(*)
    || ',"features":[' || coalesce(string_agg(feature, ','), '') || ']}'
FROM (
    SELECT
        '{"id":' || id || ',"type":"Feature","geometry":'
        || coalesce(ST_AsGeoJSON(public_location::geometry(Point, 4326), 6), 'null')
        || ',"properties":{"name":' || to_json(name)::text
        || ',"organization":' || to_json(organization)::text
        || ',"role":' || to_json(role)::text
        || ',"type":"' || type
        || '","state":"' || state
        || '","county":' || to_json(county)::text
        || ',"created_at":"' || to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        || '","distance_m":' || round(distance_m::numeric, 1)
        || '}}' AS feature
    FROM (
        SELECT
            *,
            ST_Distance(
                public_location,
                ST_SetSRID(ST_MakePoint(%(longitude)s, %(latitude)s), 4326)::geography
            ) AS distance_m
        FROM stakeholders_stakeholder
        WHERE is_public AND deleted_at IS NULL
            AND ST_DWithin(
                public_location,
                ST_SetSRID(ST_MakePoint(%(longitude)s, %(latitude)s), 4326)::geography,
                (SELECT metres FROM reach)
            )
        ORDER BY distance_m, id
        LIMIT %(limit)s::int
    ) AS stakeholder
) AS page
