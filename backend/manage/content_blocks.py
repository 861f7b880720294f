import hashlib
from http import HTTPStatus
from typing import Any

from django.contrib.admin.models import CHANGE
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.editing import require_match
from backend.http.errors import InvalidParameters, Problem
from backend.http.filters import StrictFilterSet
from backend.http.invalid_values import at_pointer
from backend.http.json_schemas import JSONBody
from backend.http.parameters import page_of
from backend.http.serializers import StrictModelSerializer
from backend.http.staff import ID
from backend.http.staff_resources import EditableViewSet, record
from backend.http.views import operation
from backend.manage.serializers import BecauseField, PublicityField
from backend.models import ContentBlock, HomePage

ORDER = JSONBody(
    {
        "type": "object",
        "properties": {
            "ids": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "description": "All blocks of the page, as they are to stand.",
            }
        },
        "required": ["ids"],
        "additionalProperties": False,
    },
    explanations={},
)


class ContentBlockFilterSet(StrictFilterSet):
    """The blocks of a page can only be paged through."""

    other_parameters = page_of(default=100, maximum=500)


class ManagedContentBlockSerializer(StrictModelSerializer[ContentBlock]):
    """A piece of a homepage. `content` is HTML, of which what is not safe is removed."""

    public = PublicityField()
    because = BecauseField()

    class Meta:
        model = ContentBlock
        fields = [
            "id",
            "title",
            "block_type",
            "content",
            "image_url",
            "image_alt_text",
            "video_url",
            "css_classes",
            "background_color",
            "order",
            "is_visible",
            "public",
            "because",
            "created_at",
            "updated_at",
        ]


@extend_schema_view(
    list=extend_schema(
        operation_id="listContentBlocks",
        summary="List the blocks of a homepage",
        description="In the order of the page, hidden ones too. The ETag stands for their order.",
    ),
    retrieve=extend_schema(operation_id="getContentBlock", summary="Get a block"),
    create=extend_schema(operation_id="createContentBlock", summary="Add a block to a homepage"),
    partial_update=extend_schema(operation_id="updateContentBlock", summary="Change a block"),
    destroy=extend_schema(operation_id="deleteContentBlock", summary="Delete a block"),
)
class ContentBlockViewSet(EditableViewSet):
    """The blocks of one homepage."""

    queryset = ContentBlock.objects.in_page_order()
    serializer_class = ManagedContentBlockSerializer
    filterset_class = ContentBlockFilterSet
    path_parameters = {"id": ID, "homepage_id": ID | {"description": "The id of the homepage."}}
    problems = [404]

    def get_queryset(self) -> QuerySet[Any]:
        page = self.kwargs["homepage_id"]
        return super().get_queryset().select_related("homepage").filter(homepage=page)

    def new_row(self) -> ContentBlock:
        """On a page that nobody removes until the end."""
        pages = HomePage.objects.select_for_update(no_key=True)
        return ContentBlock(homepage=self.row(pages, self.kwargs["homepage_id"]))

    @operation(is_tagged=True)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self._page()
        response = super().list(request, *args, **kwargs)
        response["ETag"] = _etag_of_order(page)
        return response

    @extend_schema(
        operation_id="orderContentBlocks",
        summary="Put the blocks of a homepage in order",
        description="All at once. `If-Match` is the ETag of the list.",
        request={"application/json": ORDER.schema},
        responses={204: None},
    )
    @operation(problems=[404, 412, 428], permission="coalition.change_contentblock", is_tagged=True)
    def order(self, request: Request, homepage_id: int) -> Response:
        ids = [int(each) for each in ORDER.read(request)["ids"]]  # to JSON, 5.0 is the number 5
        with transaction.atomic():
            page = self.row(HomePage.objects.select_for_update(no_key=True), homepage_id)
            require_match(request, _etag_of_order(page))
            blocks = {each.pk: each for each in page.content_blocks.select_for_update()}
            if sorted(ids) != sorted(blocks):
                message = f"Give each block of the page once: {sorted(blocks)}."
                errors = [{**at_pointer("ids"), "code": "invalid", "message": message}]
                raise InvalidParameters(errors)
            page.put_blocks_in_order(ids)
            record(request, page, CHANGE, "Put the blocks in another order.")
        return Response(status=HTTPStatus.NO_CONTENT, headers={"ETag": _etag_of_order(page)})

    def _page(self) -> HomePage:
        page = HomePage.objects.filter(pk=self.kwargs["homepage_id"]).first()
        if page is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        return page


def _etag_of_order(page: HomePage) -> str:
    blocks = page.content_blocks.in_page_order()
    text = str([page.pk, *blocks.values_list("pk", flat=True)])
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
