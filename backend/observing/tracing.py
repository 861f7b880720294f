"""Traces by OpenTelemetry, for whoever has a collector: OTEL_EXPORTER_OTLP_ENDPOINT says where.

A span for each request, named for its operation, and one for each statement. The libraries are an
extra (requirements/tracing.txt), and are not imported where nobody asks for traces.
"""

import os
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
NAME = "coalition-builder-api"


def _opened() -> "Tracer | None":
    if not os.environ.get(ENDPOINT):
        return None
    if find_spec("opentelemetry") is None:
        raise ImproperlyConfigured(f"{ENDPOINT} is set: install requirements/tracing.txt.")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # an extra
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # an extra

    name = os.environ.get("OTEL_SERVICE_NAME", NAME)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer(NAME)


tracer = _opened()


def begin(traceparent: str) -> "Span | None":
    """The span of a request, below the one that the header (W3C Trace Context) names."""
    if tracer is None:
        return None
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # an extra
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  # an extra
        TraceContextTextMapPropagator,
    )

    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    return tracer.start_span("request", context, SpanKind.SERVER)


def end(span: "Span", operation: str, method: str, path: str, status: int) -> None:
    span.update_name(operation)
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", path)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415  # an extra

        span.set_status(StatusCode.ERROR)
    span.end()


def add_statement(parent: "Span", statement: str, seconds: float) -> None:
    """A statement that has just ended, as it is written: without its values."""
    from opentelemetry.trace import SpanKind, set_span_in_context  # noqa: PLC0415  # an extra

    if tracer is None:
        return
    now = time.time_ns()
    span = tracer.start_span(
        statement.split(maxsplit=1)[0].upper(),
        set_span_in_context(parent),
        SpanKind.CLIENT,
        {"db.system.name": "postgresql", "db.query.text": statement},
        start_time=now - int(seconds * 1e9),
    )
    span.end(now)
