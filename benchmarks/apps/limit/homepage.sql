SELECT to_json(page)::text
FROM (
    SELECT
        id, organization_name, tagline, hero_title, hero_subtitle, hero_background_image,
        about_section_title, about_section_content, cta_title, cta_content, cta_button_text,
        cta_button_url, contact_email, contact_phone, social_media_urls,
        campaigns_section_title, campaigns_section_subtitle, show_campaigns_section, is_active,
        (
            SELECT coalesce(json_agg(block), '[]')
            FROM (
                SELECT
                    id, title, block_type, content, image_url, image_alt_text, video_url,
                    css_classes, background_color, "order", is_visible,
                    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
                    to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated_at
                FROM core_contentblock
                WHERE homepage_id = homepage.id AND is_visible
                ORDER BY "order", id
            ) AS block
        ) AS content_blocks,
        to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
        to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated_at
    FROM core_homepage AS homepage
    WHERE is_active
) AS page
