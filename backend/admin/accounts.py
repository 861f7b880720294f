from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from knox import admin as tokens

from backend.admin.versions import VersionedAdmin

# What would make an administrator more than that.
OF_SUPERUSERS = ("is_superuser", "user_permissions")

admin.site.unregister(User)
# Made by signing in, shown to their own people, and ended with a password or an account.
admin.site.unregister(tokens.models.AuthToken)


@admin.register(User)
class AccountAdmin(VersionedAdmin, UserAdmin):  # type: ignore[type-arg]  # it takes one in its stubs alone
    """Accounts of the coalition's own people, whom administrators put into groups."""

    list_display = ["username", "email", "groups_of", "is_active", "last_login"]
    list_filter = ["is_active", "groups"]
    search_help_text = "Username, name or e-mail"
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "groups"]}),
        ("Only for superusers", {"fields": OF_SUPERUSERS, "classes": ["collapse"]}),
        ("History", {"fields": ["last_login", "date_joined"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # Three groups are boxes to tick.
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="groups")
    def groups_of(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        return ", ".join(["superuser", *names] if user.is_superuser else names)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if _is_superuser(request):
            return fieldsets
        return [each for each in fieldsets if each[1]["fields"] is not OF_SUPERUSERS]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """A superuser's password, too, is for superusers alone to change."""
    return user is None or not user.is_superuser or _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
