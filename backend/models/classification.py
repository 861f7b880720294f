"""Who may see each field of each table, and how what it tells of a supporter is erased.

A test walks all models and refuses a field that is not here. What is exported of a person, and
what must be gone after an erasure, is read from here.
"""

from dataclasses import dataclass
from enum import Enum


class Erased(Enum):
    """What becomes of a row about a supporter when they are erased."""

    # It is about no supporter.
    NOT_ABOUT_ANY = "not about any"
    # It is removed.
    REMOVED = "removed"
    # It stays, for there is nothing in it but digests under a key, and choices of theirs.
    DIGESTS = "digests"


@dataclass(frozen=True)
class Table:
    """The fields of a model by who may see them, as names between spaces.

    Public: whoever is shown the row. Private: staff, and the person whom it is about. Internal:
    nobody, for it is a secret, of another person, or says nothing by itself.
    """

    public: str = ""
    private: str = ""
    internal: str = ""
    erased: Erased = Erased.NOT_ABOUT_ANY

    @property
    def shown_to_its_person(self) -> list[str]:
        return [*self.public.split(), *self.private.split()]

    @property
    def fields(self) -> list[str]:
        return [*self.shown_to_its_person, *self.internal.split()]


# By the label of the model.
CLASSIFICATION = {
    "coalition.Stakeholder": Table(
        public="id name organization role type state county created_at public_location",
        private="email location is_public email_updates consents details_at updated_at deleted_at",
        erased=Erased.REMOVED,
    ),
    "coalition.Endorsement": Table(
        public="id campaign stakeholder statement created_at",
        private="public_display status is_public consents updated_at deleted_at",
        erased=Erased.REMOVED,
    ),
    "coalition.Submission": Table(
        private="id campaign endorsement name organization role email state county type location "
        "statement public_display is_public email_updates consents language created_at expires_at "
        "confirmed_at decided_at is_correction flags",
        # `alike` is another person's submission.
        internal="network nonce alike",
        erased=Erased.REMOVED,
    ),
    "coalition.RedeemedToken": Table(
        private="submission_id endorsement redeemed_at",
        internal="nonce",
        erased=Erased.REMOVED,
    ),
    "coalition.Transition": Table(
        private="id endorsement from_status to_status reason created_at",
        internal="by",
        erased=Erased.REMOVED,
    ),
    "coalition.OutgoingMail": Table(
        private="id kind submission endorsement link email campaign state created_at due_at "
        "attempts error",
        erased=Erased.REMOVED,
    ),
    "coalition.PersonalLink": Table(
        private="id email created_at expires_at",
        internal="nonce",
        erased=Erased.REMOVED,
    ),
    # What staff did to rows about a supporter, whose names are in `object_repr`.
    "admin.LogEntry": Table(
        private="id action_time object_id object_repr action_flag change_message",
        internal="user content_type",
        erased=Erased.REMOVED,
    ),
    "coalition.Suppression": Table(
        private="reason created_at", internal="digest", erased=Erased.DIGESTS
    ),
    "coalition.Erasure": Table(private="erased_at", internal="digest", erased=Erased.DIGESTS),
    # They last for a day at most, and nobody could say whose they are.
    "coalition.Quota": Table(internal="key spent expires_at", erased=Erased.DIGESTS),
    "coalition.IdempotentRequest": Table(
        internal="key body response expires_at", erased=Erased.DIGESTS
    ),
    "coalition.PolicyCampaign": Table(
        public="id title slug summary description endorsement_statement allow_endorsements "
        "endorsement_form_instructions image_url image_alt_text image_credit created_at updated_at",
        private="active deleted_at",
    ),
    "coalition.HomePage": Table(
        public="id organization_name tagline hero_title hero_subtitle hero_background_image "
        "about_section_title about_section_content cta_title cta_content cta_button_text "
        "cta_button_url contact_email contact_phone social_media_urls campaigns_section_title "
        "campaigns_section_subtitle show_campaigns_section is_active created_at updated_at",
    ),
    "coalition.ContentBlock": Table(
        public="id homepage title block_type content image_url image_alt_text video_url "
        "css_classes background_color order is_visible created_at updated_at",
    ),
    "coalition.Upload": Table(
        public="id content_type size width height",
        private="created_by created_at verified_at unused_since",
    ),
    "coalition.LegalDocument": Table(
        public="id kind version title content published_at", private="created_at updated_at"
    ),
    "coalition.EndorsementTally": Table(public="campaign endorsement_count"),
    "coalition.EndorsementDailyTally": Table(public="campaign day endorsement_count"),
    "coalition.StakeholderTally": Table(public="difference", internal="id"),
    "coalition.Revision": Table(internal="id name number"),
    # What staff did in bulk. No text that was searched, and no name of a file, is in it.
    "coalition.Import": Table(
        private="id by created_at is_dry_run created updated unchanged refused"
    ),
    "coalition.Export": Table(
        private="id by created_at resource format filters has_private_details rows finished_at"
    ),
    # Staff, who have accounts.
    "auth.User": Table(
        private="id username first_name last_name email is_staff is_superuser is_active "
        "date_joined last_login",
        internal="password",
    ),
    "knox.AuthToken": Table(private="user created expiry", internal="digest token_key"),
    "auth.Group": Table(private="id name"),
    "auth.Permission": Table(private="id name content_type codename"),
    "auth.User_groups": Table(private="id user group"),
    "auth.User_user_permissions": Table(private="id user permission"),
    "auth.Group_permissions": Table(private="id group permission"),
    "contenttypes.ContentType": Table(internal="id app_label model"),
    "sessions.Session": Table(internal="session_key session_data expire_date"),
}
