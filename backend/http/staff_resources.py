"""Resources that the coalition's own people read, make, change and delete."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import transaction
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from backend.http.editing import MergePatchParser, etag_of, patched, require_match
from backend.http.errors import InvalidParameters, Problem
from backend.http.filters import StrictFilterBackend, read_body
from backend.http.invalid_values import at_parameter, unknown
from backend.http.pagination import ObjectPagination
from backend.http.parsers import StrictJSONParser
from backend.http.staff import ANY_RIGHT, ID, StaffView
from backend.http.views import operation

# What an action asks of whoever calls it, in Django's words.
VERBS = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "partial_update": "change",
    "destroy": "delete",
    "restore": "delete",
}


class StaffViewSet(StaffView, GenericViewSet[Any]):
    """Rows of a queryset, in pages or one by one."""

    queryset: QuerySet[Any]
    filter_backends = [StrictFilterBackend]
    pagination_class: Any = ObjectPagination
    path_parameters = {"id": ID}

    @property
    def permission(self) -> str:  # type: ignore[override]  # depends on what is done
        if self.action == "metadata":  # DRF's name for OPTIONS
            return ANY_RIGHT
        verb = VERBS.get(self.action or "")
        return f"coalition.{verb}_{self.queryset.model._meta.model_name}" if verb else ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Without an action the method is none of this view, which is answered in a moment.
        if self.action not in {None, "list"}:
            errors = unknown(request.query_params, (), at_parameter)
            if errors:
                raise InvalidParameters(errors)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        return super().get_serializer(*args, **kwargs)

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        page: ObjectPagination = self.pagination_class()
        page.paginate_objects(queryset, request, self)
        results = self.get_serializer(page.objects, many=True).data
        return Response(page.object_document(results), headers=page.link_header())

    def retrieve(self, request: Request, pk: int, **_parent: Any) -> Response:  # noqa: ARG002  # as DRF calls it
        return self.answer(pk)

    def answer(self, pk: int, status: int = HTTPStatus.OK) -> Response:
        """The row as it is now."""
        serializer = self.get_serializer(self.row(self.get_queryset(), pk))
        return Response(serializer.data, status, headers=self.headers_of(serializer))

    def headers_of(self, _serializer: Any) -> dict[str, str]:
        return {}

    def row(self, rows: QuerySet[Any], pk: int) -> Any:
        """Raises a 404 where it is not among the rows."""
        row = rows.filter(pk=pk).first()
        if row is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        return row


class EditableViewSet(StaffViewSet):
    """Rows that staff make, change and delete, each of them as it was when it was read."""

    # A patch in JSON means the same as one that says what it is.
    parser_classes = [StrictJSONParser, MergePatchParser]

    def editable(self) -> QuerySet[Any]:
        """The rows that may be changed; others are not found."""
        return self.get_queryset()

    @operation(is_tagged=True)
    def retrieve(self, request: Request, pk: int, **parent: Any) -> Response:
        return super().retrieve(request, pk, **parent)

    @operation(problems=[409], success_status=201, is_tagged=True)
    def create(self, request: Request, **_parent: Any) -> Response:
        with transaction.atomic():
            serializer = self.get_serializer(self.new_row(), data=read_body(request))
            serializer.is_valid(raise_exception=True)
            row = serializer.save()
            record(request, row, ADDITION)
            answer = self.answer(row.pk, HTTPStatus.CREATED)
        answer["Location"] = request.build_absolute_uri(f"{request.path}/{row.pk}")
        return answer

    def headers_of(self, serializer: Any) -> dict[str, str]:
        """The tag that `If-Match` must have of whoever changes the row."""
        return {"ETag": etag_of(serializer)}

    def new_row(self) -> Model | None:
        """An unsaved row with what the client does not say, such as its parent."""
        return None

    @operation(problems=[409, 412, 428], is_tagged=True)
    def partial_update(self, request: Request, pk: int, **_parent: Any) -> Response:
        with transaction.atomic():
            row = self.locked(request, pk)
            body = patched(self.get_serializer(row), read_body(request))
            serializer = self.get_serializer(row, data=body)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            record(request, row, CHANGE)
            return self.answer(pk)

    @operation(problems=[409, 412, 428])
    def destroy(self, request: Request, pk: int, **_parent: Any) -> Response:
        with transaction.atomic():
            row = self.locked(request, pk)
            record(request, row, DELETION)
            row.delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    def locked(self, request: Request, pk: int) -> Any:
        """The row, for nobody else to change until the end, if it is as the client read it."""
        rows = self.editable().select_for_update(of=("self",), no_key=True)
        row = self.row(rows, pk)
        require_match(request, etag_of(self.get_serializer(row)))
        return row


class SoftDeletionViewSet(EditableViewSet):
    """Rows that are hidden when deleted, and can be restored; `all_objects` is the queryset."""

    def editable(self) -> QuerySet[Any]:
        return super().editable().filter(deleted_at=None)

    def restored(self, request: Request, pk: int) -> Response:
        """The row, live again with what was hidden along with it; a live one as it is."""
        with transaction.atomic():
            rows = self.get_queryset().select_for_update(of=("self",), no_key=True)
            row = self.row(rows, pk)
            if row.restore():
                record(request, row, CHANGE, "Restored.")
            return self.answer(pk)


def record(request: Request, row: Model, flag: int, message: str = "") -> None:
    """Put on record who did something to a row, where the admin shows its history."""
    LogEntry.objects.log_actions(
        user_id=cast("int", request.user.pk),
        queryset=[row],
        action_flag=flag,
        change_message=message,
        single_object=True,
    )
