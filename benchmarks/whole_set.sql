SELECT
    concat(
        '{"id":', id, ',"type":"Feature","geometry":',
        coalesce(ST_AsGeoJSON(public_location, 6), 'null'),
        ',"properties":{"name":', to_json(name),
        ',"organization":', to_json(organization),
        ',"role":', to_json(role),
        ',"type":"', type,
        '","state":"', state,
        '","county":', to_json(county),
        ',"created_at":"', replace((created_at AT TIME ZONE 'UTC')::text, ' ', 'T'), 'Z"}}'
    )
FROM stakeholders_stakeholder
WHERE is_public AND deleted_at IS NULL
ORDER BY created_at DESC, id DESC
