"""Counts and times for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Anybody may send any word as a method, and each label is kept for good."""
_TIMES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """What one process of the service counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "sayso_requests", "HTTP requests answered", labels, registry=self._registry
        )
        self._times = Histogram(
            "sayso_request_seconds",
            "Time from a request to the end of its answer",
            ("method", "route"),
            buckets=_TIMES_S,
            registry=self._registry,
        )
        self._jobs = Gauge("sayso_jobs", "Renders by state", ("state",), registry=self._registry)

    def request(self, method: str, route: str, status: int, took_s: float) -> None:
        """Counts one request, by the pattern of its route and not by its path."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, status).inc()
        self._times.labels(method, route).observe(took_s)

    def registry(self, jobs: Mapping[str, int]) -> CollectorRegistry:
        """What there is to tell, with how many renders there are in each state."""
        self._jobs.clear()
        for state, count in jobs.items():
            self._jobs.labels(state).set(count)
        return self._registry
