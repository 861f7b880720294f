SELECT
    endorsement.id, campaign_id, slug, title, status, statement, public_display, stakeholder_id,
    name, organization, role, email, type, state, county,
    ST_X(location::geometry) AS longitude,
    ST_Y(location::geometry) AS latitude,
    ST_X(public_location::geometry) AS public_longitude,
    ST_Y(public_location::geometry) AS public_latitude,
    endorsement.created_at, endorsement.updated_at
FROM endorsements_endorsement AS endorsement
JOIN stakeholders_stakeholder AS stakeholder ON stakeholder.id = stakeholder_id
JOIN campaigns_policycampaign AS campaign ON campaign.id = campaign_id
WHERE endorsement.deleted_at IS NULL
ORDER BY endorsement.id
