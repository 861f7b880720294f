"""Triggers that revise a public view whenever a write changes what the view shows.

A revision names the set of commits that a snapshot sees: each transaction that changes what a
view shows leaves a random number (`coalition_revise`), and the numbers are combined by XOR.
Nobody waits for anybody, and a write that changes nothing public leaves nothing.

What a row shows may depend on another row: an endorsement is shown if its campaign is public.
A write that sees its parent hidden must not conclude that nobody will ever see it, for the
parent may be shown by a transaction that has not committed yet. So it takes a shared advisory
lock on the parent and looks again; who shows or hides the parent takes the exclusive one. Of an
endorsement and its stakeholder, the rows themselves are locked, as `endorsement_tally` says.
"""

# What is put into the SQL are constants of this module.
# ruff: noqa: S608

import pgtrigger

from backend.models.revision_sql import (
    CAMPAIGN_LOCK,
    HOMEPAGE_LOCK,
    StatementTrigger,
    is_missing,
    of_rows,
    revise,
    revise_if,
    share,
    take,
    toggled,
    truncated,
)

CAMPAIGN_SHOWN = "({row}.active AND {row}.deleted_at IS NULL)"
PUBLIC_CAMPAIGN = CAMPAIGN_SHOWN.format(row="campaign")

HOMEPAGE_SHOWN = "{row}.is_active"
OF_HOMEPAGES = [
    *of_rows(
        shown=HOMEPAGE_SHOWN,
        columns=(
            "id organization_name tagline hero_title hero_subtitle hero_background_image "
            "about_section_title about_section_content cta_title cta_content cta_button_text "
            "cta_button_url contact_email contact_phone social_media_urls "
            "campaigns_section_title campaigns_section_subtitle show_campaigns_section "
            "created_at updated_at"
        ),
        inserted=revise("public_homepage"),
        updated=toggled(HOMEPAGE_SHOWN, take(HOMEPAGE_LOCK) + revise("public_contentblock"))
        + revise("public_homepage"),
        deleted=revise("public_homepage"),
    ),
    truncated("public_homepage"),
]


def of_block(*rows: str) -> str:
    """Revise the blocks if one of the rows is of the active page."""
    keys = ", ".join(f"{name}.homepage_id" for name in rows)
    pages = f"SELECT id FROM core_homepage WHERE id IN ({keys})"
    return revise_if(
        f"EXISTS ({pages} AND is_active)",
        "public_contentblock",
        hold=share(HOMEPAGE_LOCK, pages),
        missing=is_missing("core_homepage", keys),
    )


OF_CONTENT_BLOCKS = [
    *of_rows(
        shown="{row}.is_visible",
        columns=(
            "id homepage_id title block_type content image_url image_alt_text video_url "
            'css_classes background_color "order" created_at updated_at'
        ),
        inserted=of_block("NEW"),
        updated=of_block("OLD", "NEW"),
        deleted=of_block("OLD"),
    ),
    truncated("public_contentblock"),
]

OF_CAMPAIGNS = [
    *of_rows(
        shown=CAMPAIGN_SHOWN,
        columns=(
            "id title slug summary description endorsement_statement allow_endorsements "
            "endorsement_form_instructions image_url image_alt_text image_credit "
            "created_at updated_at"
        ),
        inserted=revise("public_campaign", "public_totals"),
        updated=toggled(
            CAMPAIGN_SHOWN, take(CAMPAIGN_LOCK) + revise("public_endorsement", "public_totals")
        )
        + revise("public_campaign"),
        deleted=revise("public_campaign", "public_totals"),
    ),
    truncated("public_campaign", "public_totals"),
]

OF_LEGAL_DOCUMENTS = [
    *of_rows(
        shown="({row}.published_at IS NOT NULL)",
        columns="id kind version title content published_at",
        inserted=revise("public_legaldocument"),
        updated=revise("public_legaldocument"),
        deleted=revise("public_legaldocument"),
    ),
    truncated("public_legaldocument"),
]

STAKEHOLDER_SHOWN = "({row}.is_public AND {row}.deleted_at IS NULL)"
# What an endorsement shows of its stakeholder, listed or not.
ENDORSER = "id, name, organization, role, type, state, county, deleted_at IS NULL"
ENDORSED_PUBLICLY = f"""EXISTS (
    SELECT FROM endorsements_endorsement AS endorsement
        JOIN campaigns_policycampaign AS campaign ON campaign.id = endorsement.campaign_id
    WHERE endorsement.stakeholder_id = ANY (changed) AND endorsement.is_public
        AND {PUBLIC_CAMPAIGN}
)"""
OF_STAKEHOLDERS = [
    *of_rows(
        shown=STAKEHOLDER_SHOWN,
        columns="id name organization role type state county created_at public_location",
        inserted=revise("public_stakeholder", "public_totals"),
        updated=toggled(STAKEHOLDER_SHOWN, revise("public_totals")) + revise("public_stakeholder"),
        deleted=revise("public_stakeholder", "public_totals"),
    ),
    StatementTrigger(
        name="revise_endorsers",
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        declare=[("changed", "bigint[]")],
        # By EXCEPT, not by joining: of how many rows there are, the planner knows nothing.
        func=f"""
            SELECT array_agg(id) INTO changed FROM (
                SELECT {ENDORSER} FROM new_rows EXCEPT SELECT {ENDORSER} FROM old_rows
            ) AS endorser;
            IF changed IS NULL THEN
                RETURN NULL;
            END IF;
        """
        + revise_if(
            ENDORSED_PUBLICLY,
            "public_endorsement",
            # A transaction that approves one of their endorsements has committed then, or waits.
            hold="""
            PERFORM FROM endorsements_endorsement WHERE stakeholder_id = ANY (changed)
            ORDER BY id FOR SHARE;
            """
            + share(
                CAMPAIGN_LOCK,
                "SELECT DISTINCT campaign_id AS id FROM endorsements_endorsement "
                "WHERE stakeholder_id = ANY (changed) AND is_public",
            ),
        ),
    ),
    truncated("public_stakeholder", "public_totals"),
]


def of_endorsement(*rows: str, is_moved: str) -> str:
    """Revise the endorsements if one of the rows has a public campaign and a live stakeholder.

    A transaction that restores a stakeholder locks their endorsements, but sees none that comes
    to them meanwhile: one that `is_moved` counts as shown, rather than have it wait.
    """
    campaigns = ", ".join(f"{name}.campaign_id" for name in rows)
    stakeholders = ", ".join(f"{name}.stakeholder_id" for name in rows)
    shown = f"""EXISTS (
        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder
        WHERE campaign.id IN ({campaigns}) AND stakeholder.id IN ({stakeholders})
            AND {PUBLIC_CAMPAIGN} AND (stakeholder.deleted_at IS NULL OR {is_moved})
    )"""
    missing = f"""({is_missing("campaigns_policycampaign", campaigns)}
        OR {is_missing("stakeholders_stakeholder", stakeholders)})"""
    keys = f"SELECT id FROM campaigns_policycampaign WHERE id IN ({campaigns})"
    return revise_if(shown, "public_endorsement", hold=share(CAMPAIGN_LOCK, keys), missing=missing)


OF_ENDORSEMENTS = [
    *of_rows(
        shown="{row}.is_public",
        columns="id campaign_id stakeholder_id statement created_at",
        inserted=of_endorsement("NEW", is_moved="true"),
        updated=of_endorsement("OLD", "NEW", is_moved="OLD.stakeholder_id <> NEW.stakeholder_id"),
        deleted=of_endorsement("OLD", is_moved="false"),
    ),
    truncated("public_endorsement"),
]


def of_tally(name: str) -> str:
    campaign = f"SELECT id FROM campaigns_policycampaign AS campaign WHERE id = {name}.campaign_id"
    return revise_if(
        f"EXISTS ({campaign} AND {PUBLIC_CAMPAIGN})",
        "public_campaign",
        "public_totals",
        hold=share(CAMPAIGN_LOCK, campaign),
        missing=f"NOT EXISTS ({campaign})",
    )


OF_ENDORSEMENT_TALLIES = [
    *of_rows(
        shown="({row}.endorsement_count <> 0)",
        columns="campaign_id endorsement_count",
        inserted=of_tally("NEW"),
        updated=of_tally("NEW"),
        deleted=of_tally("OLD"),
    ),
    truncated("public_campaign", "public_totals"),
]


def of_days(differences: str) -> str:
    """Revise the campaigns if the rows `(campaign_id, day, difference)` change a seven-day count.

    No trigger on the tallies of days could tell: from one day to another is no difference. The
    array `changed` is a variable of the function.
    """
    # Tomorrow's count as well, for the transaction may commit then.
    is_changed = " OR ".join(
        f"sum(difference) FILTER (WHERE day BETWEEN {today} - 6 AND {today}) <> 0"
        for today in ("coalition_today()", "coalition_today() + 1")
    )
    campaigns = "SELECT id FROM campaigns_policycampaign AS campaign WHERE id = ANY (changed)"
    return f"""
        IF coalition_is_revised('public_campaign') THEN
            RETURN NULL;
        END IF;
        SELECT array_agg(campaign_id) INTO changed FROM (
            SELECT campaign_id FROM ({differences}) AS each_row
            GROUP BY campaign_id HAVING {is_changed}
        ) AS campaign;
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
    """ + revise_if(
        f"EXISTS ({campaigns} AND {PUBLIC_CAMPAIGN})",
        "public_campaign",
        hold=share(CAMPAIGN_LOCK, campaigns),
        missing=f"cardinality(changed) > (SELECT count(*) FROM ({campaigns}) AS found)",
    )
