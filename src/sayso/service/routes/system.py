"""What the service is, whether it is well, and what it can separate with."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from sayso import __version__
from sayso.audio.formats import FORMATS
from sayso.desk import EFFECTS, field_range
from sayso.desk.effects import numbers_of
from sayso.desk.showing import knobs_shown
from sayso.service.renders import KIND
from sayso.service.routes.dependencies import Asking, Serving, the_service
from sayso.service.schemas import About, Health, Model, Usage
from sayso.service.service import Service

router = APIRouter(tags=["service"])


@router.get("/about")
def get_about(service: Serving) -> About:
    """What this service is and takes: stems, formats, ranges of effects, limits."""
    settings, separator = service.settings, service.studio.separator
    return About(
        version=__version__,
        model=separator.name,
        stems=list(separator.stems),
        interpreter=service.interpreter,
        tokens=settings.tokens,
        formats={name: list(form.encodings) for name, form in FORMATS.items()},
        effects=_ranges(),
        knobs=knobs_shown(),
        limits=settings.limits.model_dump(),
    )


@router.get("/usage")
def get_usage(service: Serving, asking: Asking) -> Usage:
    """What the asker's sessions take of the disk, and may take."""
    most = service.settings.limits.bytes_a_token
    return Usage(bytes=service.quotas.used(asking), most_bytes=most)


@router.get("/models")
def list_models(service: Serving, asking: Asking) -> list[Model]:
    """What can separate, and what it hears, costs and may be used for."""
    return [Model.model_validate(e.model_dump()) for e in service.studio.models.entries()]


@router.get("/health")
def get_health(service: Serving) -> Health:
    """Answers 200 while the databases do."""
    return Health(status="ok", database="ok", jobs=_renders(service))


@router.get("/metrics", response_class=Response)
def get_metrics(request: Request, asking: Asking) -> Response:
    """Counts and times for Prometheus."""
    service = the_service(request)
    registry = request.app.state.metrics.registry(_renders(service))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _renders(service: Service) -> dict[str, int]:
    """How many renders there are in each state, if the databases answer."""
    with service.store.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    return {str(state): count for state, count in service.queue.counts(kind=KIND).items()}


def _ranges() -> dict[str, dict[str, tuple[float, float]]]:
    return {name: {f: field_range(name, f) for f in numbers_of(name)} for name in EFFECTS}
