"""Count what the API does, for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One process's measures, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "harvestlane_http_requests",
            "Requests by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "harvestlane_http_request_seconds",
            "Time until the whole answer was sent, without event streams.",
            ("route",),
            registry=self.registry,
        )
        self.events = Counter(
            "harvestlane_events_accepted",
            "Events that the broker acknowledged.",
            ("type",),
            registry=self.registry,
        )
        self.refused = Counter(
            "harvestlane_events_refused",
            "Events that intake refused, by code.",
            ("code",),
            registry=self.registry,
        )
        self.ignored = Counter(
            "harvestlane_positions_ignored",
            "Fixes of trackers that were none, by why.",
            ("why",),
            registry=self.registry,
        )
        self.corrected = Counter(
            "harvestlane_positions_corrected",
            "Positions whose tracker's clock was off and whose time was put right.",
            registry=self.registry,
        )
        self.deliveries = Counter(
            "harvestlane_webhook_deliveries",
            "Messages sent to webhooks, by whether they were taken.",
            ("outcome",),
            registry=self.registry,
        )
        self.streams = Gauge(
            "harvestlane_event_streams", "Event streams that are open.", registry=self.registry
        )
        self._views = _ViewCounters()
        self.registry.register(self._views)

    def write(self, counters: Mapping[str, float]) -> bytes:
        """Write all measures as Prometheus reads them.

        Parameters
        ----------
        counters
            The counters that workers and the projector keep in Redis.
        """
        self._views.latest = counters
        return generate_latest(self.registry)


class _ViewCounters(Collector):
    """The counters of Redis: they start anew when Redis is lost, so they are gauges here."""

    def __init__(self) -> None:
        self.latest: Mapping[str, float] = {}

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "harvestlane_views", "Counters that workers and the projector keep.", labels=("name",)
        )
        for name, number in self.latest.items():
            family.add_metric((name,), number)
        return [family]
