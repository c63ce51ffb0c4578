"""Call each operation of the API; made by `make clients` of `docs/openapi.json`."""

from __future__ import annotations

from typing import Any

import httpx

from api.clients.python import models
from api.clients.python.core import Caller, read


class Client(Caller):
    """One method for each operation, by the name of its `operationId`."""

    def healthz(self) -> models.Health:
        """Whether the process lives."""
        return read(
            models.Health,
            self._send(
                "GET",
                "/healthz",
                {},
                query={},
                headers={},
            ),
        )

    def metrics(self) -> httpx.Response:
        """Measures for Prometheus."""
        return self._send(
            "GET",
            "/metrics",
            {},
            query={},
            headers={},
        )

    def nearest(
        self,
        profile: str,
        coordinates: str,
        *,
        bearings: str | None = None,
        radiuses: str | None = None,
        hints: str | None = None,
        approaches: str | None = None,
        generate_hints: str | None = None,
        skip_waypoints: str | None = None,
        exclude: str | None = None,
        snapping: str | None = None,
        number: str | None = None,
    ) -> httpx.Response:
        """The nearest roads, as OSRM answers."""
        return self._send(
            "GET",
            "/osrm/nearest/v1/{profile}/{coordinates}",
            {"profile": profile, "coordinates": coordinates},
            query={
                "bearings": bearings,
                "radiuses": radiuses,
                "hints": hints,
                "approaches": approaches,
                "generate_hints": generate_hints,
                "skip_waypoints": skip_waypoints,
                "exclude": exclude,
                "snapping": snapping,
                "number": number,
            },
            headers={},
        )

    def route(
        self,
        profile: str,
        coordinates: str,
        *,
        bearings: str | None = None,
        radiuses: str | None = None,
        hints: str | None = None,
        approaches: str | None = None,
        generate_hints: str | None = None,
        skip_waypoints: str | None = None,
        exclude: str | None = None,
        snapping: str | None = None,
        alternatives: str | None = None,
        steps: str | None = None,
        annotations: str | None = None,
        geometries: str | None = None,
        overview: str | None = None,
        continue_straight: str | None = None,
        waypoints: str | None = None,
    ) -> httpx.Response:
        """Fastest ways through coordinates, as OSRM answers."""
        return self._send(
            "GET",
            "/osrm/route/v1/{profile}/{coordinates}",
            {"profile": profile, "coordinates": coordinates},
            query={
                "bearings": bearings,
                "radiuses": radiuses,
                "hints": hints,
                "approaches": approaches,
                "generate_hints": generate_hints,
                "skip_waypoints": skip_waypoints,
                "exclude": exclude,
                "snapping": snapping,
                "alternatives": alternatives,
                "steps": steps,
                "annotations": annotations,
                "geometries": geometries,
                "overview": overview,
                "continue_straight": continue_straight,
                "waypoints": waypoints,
            },
            headers={},
        )

    def table(
        self,
        profile: str,
        coordinates: str,
        *,
        bearings: str | None = None,
        radiuses: str | None = None,
        hints: str | None = None,
        approaches: str | None = None,
        generate_hints: str | None = None,
        skip_waypoints: str | None = None,
        exclude: str | None = None,
        snapping: str | None = None,
        sources: str | None = None,
        destinations: str | None = None,
        annotations: str | None = None,
        fallback_speed: str | None = None,
        fallback_coordinate: str | None = None,
        scale_factor: str | None = None,
    ) -> httpx.Response:
        """Durations and distances among coordinates, as OSRM answers."""
        return self._send(
            "GET",
            "/osrm/table/v1/{profile}/{coordinates}",
            {"profile": profile, "coordinates": coordinates},
            query={
                "bearings": bearings,
                "radiuses": radiuses,
                "hints": hints,
                "approaches": approaches,
                "generate_hints": generate_hints,
                "skip_waypoints": skip_waypoints,
                "exclude": exclude,
                "snapping": snapping,
                "sources": sources,
                "destinations": destinations,
                "annotations": annotations,
                "fallback_speed": fallback_speed,
                "fallback_coordinate": fallback_coordinate,
                "scale_factor": scale_factor,
            },
            headers={},
        )

    def readyz(self) -> models.Ready:
        """Whether the process can do its work."""
        return read(
            models.Ready,
            self._send(
                "GET",
                "/readyz",
                {},
                query={},
                headers={},
            ),
        )

    def list_alerts(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.AlertCollection:
        """All alerts that you may see."""
        return read(
            models.AlertCollection,
            self._send(
                "GET",
                "/v1/alerts",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def get_alert(self, alert_id: str, *, if_none_match: str | None = None) -> models.AlertState:
        """One alert."""
        return read(
            models.AlertState,
            self._send(
                "GET",
                "/v1/alerts/{alert_id}",
                {"alert_id": alert_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def list_assignments(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.AssignmentCollection:
        """All assignments that you may see."""
        return read(
            models.AssignmentCollection,
            self._send(
                "GET",
                "/v1/assignments",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def get_assignment(
        self, assignment_id: str, *, if_none_match: str | None = None
    ) -> models.AssignmentState:
        """One assignment."""
        return read(
            models.AssignmentState,
            self._send(
                "GET",
                "/v1/assignments/{assignment_id}",
                {"assignment_id": assignment_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def accept(
        self,
        assignment_id: str,
        body: models.WhyInput | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Accept an offer."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/accept",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def cancel(
        self,
        assignment_id: str,
        body: models.WhyInput | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Call it off."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/cancel",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def decline(
        self,
        assignment_id: str,
        body: models.WhyInput | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Decline an offer."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/decline",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def delivered(
        self,
        assignment_id: str,
        body: models.WhyInput | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Report delivered."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/delivered",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def make_driver_link(
        self, assignment_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.DriverLink:
        """Make a link for the driver of one trip."""
        return read(
            models.DriverLink,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/driver-link",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
            ),
        )

    def loaded(
        self,
        assignment_id: str,
        body: models.Loaded | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Report loaded."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/loaded",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def override(
        self,
        assignment_id: str,
        body: models.Override | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Choose truck or slot."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/override",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def pin(
        self,
        assignment_id: str,
        body: models.Pin | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Pin or unpin it."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/pin",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def problem(
        self,
        assignment_id: str,
        body: models.Obstacle | dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Sent:
        """Report a problem."""
        return read(
            models.Sent,
            self._send(
                "POST",
                "/v1/assignments/{assignment_id}/problem",
                {"assignment_id": assignment_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def read_audit(
        self,
        *,
        actor: str | None = None,
        entity: str | None = None,
        action: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.AuditPage:
        """Who did what."""
        return read(
            models.AuditPage,
            self._send(
                "GET",
                "/v1/audit",
                {},
                query={
                    "actor": actor,
                    "entity": entity,
                    "action": action,
                    "from": from_,
                    "to": to,
                    "cursor": cursor,
                    "limit": limit,
                },
                headers={},
            ),
        )

    def export_audit(
        self,
        *,
        actor: str | None = None,
        entity: str | None = None,
        action: str | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> httpx.Response:
        """Who did what, as a table."""
        return self._send(
            "GET",
            "/v1/audit.csv",
            {},
            query={"actor": actor, "entity": entity, "action": action, "from": from_, "to": to},
            headers={},
        )

    def list_checkpoints(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.CheckpointCollection:
        """All checkpoints that you may see."""
        return read(
            models.CheckpointCollection,
            self._send(
                "GET",
                "/v1/checkpoints",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def register_checkpoint(
        self,
        body: models.CheckpointBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.PlaceReceipts:
        """Register a checkpoint."""
        return read(
            models.PlaceReceipts,
            self._send(
                "POST",
                "/v1/checkpoints",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_checkpoint(
        self, checkpoint_id: str, *, if_none_match: str | None = None
    ) -> models.CheckpointState:
        """One checkpoint."""
        return read(
            models.CheckpointState,
            self._send(
                "GET",
                "/v1/checkpoints/{checkpoint_id}",
                {"checkpoint_id": checkpoint_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def change_checkpoint(
        self,
        checkpoint_id: str,
        body: models.CheckpointChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.PlaceReceipts:
        """Change or retire a checkpoint."""
        return read(
            models.PlaceReceipts,
            self._send(
                "PATCH",
                "/v1/checkpoints/{checkpoint_id}",
                {"checkpoint_id": checkpoint_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_arrivals(
        self, checkpoint_id: str, *, hours: int | None = None
    ) -> models.ExpectedArrivals:
        """Trucks expected at a checkpoint, with ranges, and the delay of who arrives when."""
        return read(
            models.ExpectedArrivals,
            self._send(
                "GET",
                "/v1/checkpoints/{checkpoint_id}/arrivals",
                {"checkpoint_id": checkpoint_id},
                query={"hours": hours},
                headers={},
            ),
        )

    def post_clearance(
        self,
        checkpoint_id: str,
        body: models.ClearanceBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.ClearanceReceipts:
        """Report that a vehicle arrived, was cleared, held or refused."""
        return read(
            models.ClearanceReceipts,
            self._send(
                "POST",
                "/v1/checkpoints/{checkpoint_id}/clearances",
                {"checkpoint_id": checkpoint_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def clock(self) -> models.ClockState:
        """What the stack's clock shows."""
        return read(
            models.ClockState,
            self._send(
                "GET",
                "/v1/clock",
                {},
                query={},
                headers={},
            ),
        )

    def list_closures(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.ClosureCollection:
        """All closures that you may see."""
        return read(
            models.ClosureCollection,
            self._send(
                "GET",
                "/v1/closures",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def post_closure(
        self,
        body: models.ClosureBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.ClosureReceipts:
        """Close a road or restrict a zone."""
        return read(
            models.ClosureReceipts,
            self._send(
                "POST",
                "/v1/closures",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_closure(
        self, closure_id: str, *, if_none_match: str | None = None
    ) -> models.ClosureState:
        """One closure."""
        return read(
            models.ClosureState,
            self._send(
                "GET",
                "/v1/closures/{closure_id}",
                {"closure_id": closure_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def change_closure(
        self,
        closure_id: str,
        body: models.ClosureChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.ClosureReceipts:
        """Change or lift a closure."""
        return read(
            models.ClosureReceipts,
            self._send(
                "PATCH",
                "/v1/closures/{closure_id}",
                {"closure_id": closure_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def command(self, command_id: str) -> models.CommandAnswer:
        """What became of a command."""
        return read(
            models.CommandAnswer,
            self._send(
                "GET",
                "/v1/commands/{command_id}",
                {"command_id": command_id},
                query={},
                headers={},
            ),
        )

    def list_corridors(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.CorridorCollection:
        """All corridors that you may see."""
        return read(
            models.CorridorCollection,
            self._send(
                "GET",
                "/v1/corridors",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def open_corridor(
        self,
        body: models.CorridorBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.CorridorReceipts:
        """Open a corridor."""
        return read(
            models.CorridorReceipts,
            self._send(
                "POST",
                "/v1/corridors",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_corridor(
        self, corridor_id: str, *, if_none_match: str | None = None
    ) -> models.CorridorState:
        """One corridor."""
        return read(
            models.CorridorState,
            self._send(
                "GET",
                "/v1/corridors/{corridor_id}",
                {"corridor_id": corridor_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def change_corridor(
        self,
        corridor_id: str,
        body: models.CorridorChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.CorridorReceipts:
        """Change or close a corridor."""
        return read(
            models.CorridorReceipts,
            self._send(
                "PATCH",
                "/v1/corridors/{corridor_id}",
                {"corridor_id": corridor_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def report_by_osmand_query(
        self,
        *,
        id: str | None = None,
        lat: str | None = None,
        lon: str | None = None,
        timestamp: str | None = None,
        speed: str | None = None,
        accuracy: str | None = None,
        valid: str | None = None,
        location: str | None = None,
    ) -> models.TrackerAnswer:
        """Report a position by OsmAnd's protocol."""
        return read(
            models.TrackerAnswer,
            self._send(
                "GET",
                "/v1/devices/osmand",
                {},
                query={
                    "id": id,
                    "lat": lat,
                    "lon": lon,
                    "timestamp": timestamp,
                    "speed": speed,
                    "accuracy": accuracy,
                    "valid": valid,
                    "location": location,
                },
                headers={},
            ),
        )

    def osmand(self, body: Any | None = None) -> models.TrackerAnswer:
        """Report positions by OsmAnd's protocol, as a form or as JSON."""
        return read(
            models.TrackerAnswer,
            self._send(
                "POST",
                "/v1/devices/osmand",
                {},
                query={},
                headers={},
                body=body,
            ),
        )

    def traccar(self, body: Any | None = None) -> models.TrackerAnswer:
        """Take what a Traccar server forwards as JSON."""
        return read(
            models.TrackerAnswer,
            self._send(
                "POST",
                "/v1/devices/traccar",
                {},
                query={},
                headers={},
                body=body,
            ),
        )

    def post_events(
        self, body: Any, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.Receipts:
        """Report events."""
        return read(
            models.Receipts,
            self._send(
                "POST",
                "/v1/events",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def list_facilities(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.FacilityCollection:
        """All facilities that you may see."""
        return read(
            models.FacilityCollection,
            self._send(
                "GET",
                "/v1/facilities",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def register_facility(
        self,
        body: models.FacilityBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.PlaceReceipts:
        """Register a facility."""
        return read(
            models.PlaceReceipts,
            self._send(
                "POST",
                "/v1/facilities",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_facility(
        self, facility_id: str, *, if_none_match: str | None = None
    ) -> models.FacilityState:
        """One facility."""
        return read(
            models.FacilityState,
            self._send(
                "GET",
                "/v1/facilities/{facility_id}",
                {"facility_id": facility_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def change_facility(
        self,
        facility_id: str,
        body: models.FacilityChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.PlaceReceipts:
        """Change or retire a facility."""
        return read(
            models.PlaceReceipts,
            self._send(
                "PATCH",
                "/v1/facilities/{facility_id}",
                {"facility_id": facility_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def post_slot(
        self,
        facility_id: str,
        body: models.SlotBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.SlotReceipts:
        """Open a slot, change its capacity, or close it."""
        return read(
            models.SlotReceipts,
            self._send(
                "POST",
                "/v1/facilities/{facility_id}/slots",
                {"facility_id": facility_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def import_file(
        self,
        kind: str,
        body: Any,
        *,
        commit: bool | None = None,
        region: str | None = None,
        place: str | None = None,
        owner: str | None = None,
        facility: str | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.ImportTold:
        """Import a file of trucks, permits, lots or slots."""
        return read(
            models.ImportTold,
            self._send(
                "POST",
                "/v1/imports/{kind}",
                {"kind": kind},
                query={
                    "commit": commit,
                    "region": region,
                    "place": place,
                    "owner": owner,
                    "facility": facility,
                },
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def list_keys(self) -> models.Keys:
        """Keys of machines."""
        return read(
            models.Keys,
            self._send(
                "GET",
                "/v1/keys",
                {},
                query={},
                headers={},
            ),
        )

    def make_key(self, body: models.NewKey | dict[str, Any]) -> models.MadeKey:
        """Make a key."""
        return read(
            models.MadeKey,
            self._send(
                "POST",
                "/v1/keys",
                {},
                query={},
                headers={},
                body=body,
            ),
        )

    def take_key_away(self, key_id: str) -> httpx.Response:
        """Take a key away."""
        return self._send(
            "DELETE",
            "/v1/keys/{key_id}",
            {"key_id": key_id},
            query={},
            headers={},
        )

    def list_lots(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.LotCollection:
        """All lots that you may see."""
        return read(
            models.LotCollection,
            self._send(
                "GET",
                "/v1/lots",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def declare_lot(
        self,
        body: models.LotBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.LotReceipts:
        """Declare a lot."""
        return read(
            models.LotReceipts,
            self._send(
                "POST",
                "/v1/lots",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_lot(self, lot_id: str, *, if_none_match: str | None = None) -> models.LotState:
        """One lot."""
        return read(
            models.LotState,
            self._send(
                "GET",
                "/v1/lots/{lot_id}",
                {"lot_id": lot_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def change_lot(
        self,
        lot_id: str,
        body: models.LotChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.LotReceipts:
        """Change, ready or withdraw a lot."""
        return read(
            models.LotReceipts,
            self._send(
                "PATCH",
                "/v1/lots/{lot_id}",
                {"lot_id": lot_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_pass_lists(self) -> models.PassLists:
        """The keys and the newest lists that passes are verified by."""
        return read(
            models.PassLists,
            self._send(
                "GET",
                "/v1/passes/lists",
                {},
                query={},
                headers={},
            ),
        )

    def list_people(self) -> models.People:
        """Who is kept."""
        return read(
            models.People,
            self._send(
                "GET",
                "/v1/people",
                {},
                query={},
                headers={},
            ),
        )

    def forget_person(
        self, person_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> httpx.Response:
        """Forget a person."""
        return self._send(
            "DELETE",
            "/v1/people/{person_id}",
            {"person_id": person_id},
            query={},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )

    def get_person(self, person_id: str) -> models.Person:
        """One person."""
        return read(
            models.Person,
            self._send(
                "GET",
                "/v1/people/{person_id}",
                {"person_id": person_id},
                query={},
                headers={},
            ),
        )

    def put_person(
        self,
        person_id: str,
        body: models.PersonBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.PersonHead:
        """Keep a person."""
        return read(
            models.PersonHead,
            self._send(
                "PUT",
                "/v1/people/{person_id}",
                {"person_id": person_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def report_positions(
        self, body: Any, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> httpx.Response:
        """Report positions."""
        return self._send(
            "POST",
            "/v1/positions",
            {},
            query={},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
            body=body,
        )

    def daily(self, *, date: str | None = None, format: str | None = None) -> models.ReportAnswer:
        """What happened from 16:00 to 16:00."""
        return read(
            models.ReportAnswer,
            self._send(
                "GET",
                "/v1/reports/daily",
                {},
                query={"date": date, "format": format},
                headers={},
            ),
        )

    def weekly(self, *, week: str | None = None, format: str | None = None) -> models.ReportAnswer:
        """What happened from Sunday 16:00 to Sunday 16:00."""
        return read(
            models.ReportAnswer,
            self._send(
                "GET",
                "/v1/reports/weekly",
                {},
                query={"week": week, "format": format},
                headers={},
            ),
        )

    def roads(self) -> httpx.Response:
        """The road network as GeoJSON."""
        return self._send(
            "GET",
            "/v1/roads",
            {},
            query={},
            headers={},
        )

    def log_out(self) -> httpx.Response:
        """Log out."""
        return self._send(
            "DELETE",
            "/v1/session",
            {},
            query={},
            headers={},
        )

    def get_session(self) -> models.Session:
        """Who is logged in."""
        return read(
            models.Session,
            self._send(
                "GET",
                "/v1/session",
                {},
                query={},
                headers={},
            ),
        )

    def log_in(self, body: models.LoginBody | dict[str, Any]) -> models.Session:
        """Log in with a one-time code, or a name and a password."""
        return read(
            models.Session,
            self._send(
                "POST",
                "/v1/session",
                {},
                query={},
                headers={},
                body=body,
            ),
        )

    def begin_provider_log_in(self) -> httpx.Response:
        """Log in by the OIDC provider."""
        return self._send(
            "GET",
            "/v1/session/oidc",
            {},
            query={},
            headers={},
        )

    def finish_provider_log_in(
        self, *, code: str | None = None, state: str | None = None, error: str | None = None
    ) -> httpx.Response:
        """Where the OIDC provider sends browsers back to."""
        return self._send(
            "GET",
            "/v1/session/oidc/callback",
            {},
            query={"code": code, "state": state, "error": error},
            headers={},
        )

    def set_password(self, body: models.PasswordBody | dict[str, Any]) -> models.Session:
        """Set your password."""
        return read(
            models.Session,
            self._send(
                "POST",
                "/v1/session/password",
                {},
                query={},
                headers={},
                body=body,
            ),
        )

    def ways(self) -> models.Ways:
        """How one may log in."""
        return read(
            models.Ways,
            self._send(
                "GET",
                "/v1/session/ways",
                {},
                query={},
                headers={},
            ),
        )

    def list_sessions(self) -> models.OpenSessions:
        """Browsers that are logged in."""
        return read(
            models.OpenSessions,
            self._send(
                "GET",
                "/v1/sessions",
                {},
                query={},
                headers={},
            ),
        )

    def end_session(self, session_id: str) -> httpx.Response:
        """Log a browser out."""
        return self._send(
            "DELETE",
            "/v1/sessions/{session_id}",
            {"session_id": session_id},
            query={},
            headers={},
        )

    def list_slots(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.SlotCollection:
        """All slots that you may see."""
        return read(
            models.SlotCollection,
            self._send(
                "GET",
                "/v1/slots",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def get_slot(self, slot_id: str, *, if_none_match: str | None = None) -> models.SlotState:
        """One slot."""
        return read(
            models.SlotState,
            self._send(
                "GET",
                "/v1/slots/{slot_id}",
                {"slot_id": slot_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def list_trackers(self) -> models.Trackers:
        """All trackers that you may see."""
        return read(
            models.Trackers,
            self._send(
                "GET",
                "/v1/trackers",
                {},
                query={},
                headers={},
            ),
        )

    def register_tracker(
        self,
        body: models.TrackerBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Tracker:
        """Say on which truck a tracker rides."""
        return read(
            models.Tracker,
            self._send(
                "POST",
                "/v1/trackers",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def forget_tracker(
        self, device_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> httpx.Response:
        """Forget a tracker."""
        return self._send(
            "DELETE",
            "/v1/trackers/{device_id}",
            {"device_id": device_id},
            query={},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )

    def list_trucks(
        self,
        *,
        status: str | None = None,
        plate: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
        region: str | None = None,
        haulier_id: str | None = None,
        truck_id: str | None = None,
        lot_id: str | None = None,
        facility_id: str | None = None,
        subject: str | None = None,
        product: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> models.TruckCollection:
        """All trucks that you may see."""
        return read(
            models.TruckCollection,
            self._send(
                "GET",
                "/v1/trucks",
                {},
                query={
                    "status": status,
                    "plate": plate,
                    "q": q,
                    "updated_since": updated_since,
                    "region": region,
                    "haulier_id": haulier_id,
                    "truck_id": truck_id,
                    "lot_id": lot_id,
                    "facility_id": facility_id,
                    "subject": subject,
                    "product": product,
                    "kind": kind,
                    "limit": limit,
                    "cursor": cursor,
                },
                headers={"if-none-match": if_none_match},
            ),
        )

    def register_truck(
        self,
        body: models.TruckBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.TruckReceipts:
        """Register a truck."""
        return read(
            models.TruckReceipts,
            self._send(
                "POST",
                "/v1/trucks",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def get_truck(self, truck_id: str, *, if_none_match: str | None = None) -> models.TruckState:
        """One truck."""
        return read(
            models.TruckState,
            self._send(
                "GET",
                "/v1/trucks/{truck_id}",
                {"truck_id": truck_id},
                query={},
                headers={"if-none-match": if_none_match},
            ),
        )

    def change_truck(
        self,
        truck_id: str,
        body: models.TruckChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.TruckReceipts:
        """Change, transfer, stop or start a truck."""
        return read(
            models.TruckReceipts,
            self._send(
                "PATCH",
                "/v1/trucks/{truck_id}",
                {"truck_id": truck_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def list_users(self) -> models.Users:
        """Users of the built-in store."""
        return read(
            models.Users,
            self._send(
                "GET",
                "/v1/users",
                {},
                query={},
                headers={},
            ),
        )

    def add_user(self, body: models.NewUser | dict[str, Any]) -> models.Invited:
        """Add a user."""
        return read(
            models.Invited,
            self._send(
                "POST",
                "/v1/users",
                {},
                query={},
                headers={},
                body=body,
            ),
        )

    def get_user(self, user_id: str) -> models.ShownUser:
        """One user."""
        return read(
            models.ShownUser,
            self._send(
                "GET",
                "/v1/users/{user_id}",
                {"user_id": user_id},
                query={},
                headers={},
            ),
        )

    def change_user(
        self, user_id: str, body: models.UserChange | dict[str, Any]
    ) -> models.ShownUser:
        """Change or disable a user."""
        return read(
            models.ShownUser,
            self._send(
                "PATCH",
                "/v1/users/{user_id}",
                {"user_id": user_id},
                query={},
                headers={},
                body=body,
            ),
        )

    def reset_user(self, user_id: str) -> models.Invited:
        """Let a user set a new password."""
        return read(
            models.Invited,
            self._send(
                "POST",
                "/v1/users/{user_id}/reset",
                {"user_id": user_id},
                query={},
                headers={},
            ),
        )

    def vocabulary(self) -> httpx.Response:
        """Words with their Vietnamese and English names."""
        return self._send(
            "GET",
            "/v1/vocabulary",
            {},
            query={},
            headers={},
        )

    def list_webhooks(self) -> models.Hooks:
        """All webhooks that you may see."""
        return read(
            models.Hooks,
            self._send(
                "GET",
                "/v1/webhooks",
                {},
                query={},
                headers={},
            ),
        )

    def make_webhook(
        self,
        body: models.HookBody | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.HookMade:
        """Be told of changes."""
        return read(
            models.HookMade,
            self._send(
                "POST",
                "/v1/webhooks",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def forget_webhook(
        self, hook_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> httpx.Response:
        """Be told no more."""
        return self._send(
            "DELETE",
            "/v1/webhooks/{hook_id}",
            {"hook_id": hook_id},
            query={},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )

    def get_webhook(self, hook_id: str) -> models.HookSeen:
        """One webhook."""
        return read(
            models.HookSeen,
            self._send(
                "GET",
                "/v1/webhooks/{hook_id}",
                {"hook_id": hook_id},
                query={},
                headers={},
            ),
        )

    def change_webhook(
        self,
        hook_id: str,
        body: models.HookChange | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.HookSeen:
        """Change, pause or resume a webhook."""
        return read(
            models.HookSeen,
            self._send(
                "PATCH",
                "/v1/webhooks/{hook_id}",
                {"hook_id": hook_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )

    def list_deliveries(self, hook_id: str, *, limit: int | None = None) -> models.Tried:
        """How telling went."""
        return read(
            models.Tried,
            self._send(
                "GET",
                "/v1/webhooks/{hook_id}/deliveries",
                {"hook_id": hook_id},
                query={"limit": limit},
                headers={},
            ),
        )

    def rotate_secret(
        self, hook_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.SecretMade:
        """Get a new secret."""
        return read(
            models.SecretMade,
            self._send(
                "POST",
                "/v1/webhooks/{hook_id}/rotate-secret",
                {"hook_id": hook_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
            ),
        )

    def test_webhook(
        self, hook_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.Tested:
        """Send a test message now."""
        return read(
            models.Tested,
            self._send(
                "POST",
                "/v1/webhooks/{hook_id}/test",
                {"hook_id": hook_id},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
            ),
        )

    def what_if(
        self,
        body: models.Question | dict[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.WhatIf:
        """What closing a road, checkpoint or gate would do; commits it where asked to."""
        return read(
            models.WhatIf,
            self._send(
                "POST",
                "/v1/what-if",
                {},
                query={},
                headers={"idempotency-key": idempotency_key, "if-match": if_match},
                body=body,
            ),
        )
