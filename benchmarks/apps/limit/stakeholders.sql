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
        || '"}}' AS feature
    FROM stakeholders_stakeholder
    WHERE is_public AND deleted_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT %(limit)s::int
) AS page
