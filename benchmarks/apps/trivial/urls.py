"""The yardstick: as little as a view of Django REST framework can do."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class TrivialView(APIView):
    def get(self, _request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [path("", TrivialView.as_view())]
