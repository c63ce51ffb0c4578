"""Say in OpenAPI where what a write answers can be read, so that programs can follow it."""

from __future__ import annotations

from typing import Any

_VERBS = ("accept", "decline", "cancel", "pin", "override", "loaded", "delivered", "problem")

_ITEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "lot_id": ("/lot_id", ("get_lot", "change_lot")),
    "slot_id": ("/slot_id", ("get_slot",)),
    "truck_id": ("/truck_id", ("get_truck", "change_truck")),
    "facility_id": ("/place_id", ("get_facility", "change_facility")),
    "checkpoint_id": ("/place_id", ("get_checkpoint", "change_checkpoint")),
    "corridor_id": ("/corridor_id", ("get_corridor", "change_corridor")),
    "closure_id": ("/closure_id", ("get_closure", "change_closure")),
    "command_id": ("/command_id", ("command",)),
    "assignment_id": ("/assignment_id", ("get_assignment",)),
    "user_id": ("/user/user_id", ("get_user", "change_user", "reset_user")),
    "key_id": ("/key/key_id", ("take_key_away",)),
    "device_id": ("/device_id", ("forget_tracker",)),
    "hook_id": (
        "/hook_id",
        (
            "get_webhook",
            "change_webhook",
            "test_webhook",
            "rotate_secret",
            "list_deliveries",
            "forget_webhook",
        ),
    ),
}
"""By the name of an id: where it stands in an answer, and which operations take it."""

_SAID_BY: dict[str, tuple[str, ...]] = {
    "declare_lot": ("lot_id",),
    "change_lot": ("lot_id",),
    "post_slot": ("slot_id",),
    "register_truck": ("truck_id",),
    "register_facility": ("facility_id",),
    "register_checkpoint": ("checkpoint_id",),
    "open_corridor": ("corridor_id",),
    "post_closure": ("closure_id",),
    "add_user": ("user_id",),
    "make_key": ("key_id",),
    "register_tracker": ("device_id",),
    "make_webhook": ("hook_id",),
    **dict.fromkeys(_VERBS, ("command_id", "assignment_id")),
}
"""Which ids the answer of an operation says."""


def add_links(document: dict[str, Any]) -> None:
    """Add links to the answers of a description's writes.

    Parameters
    ----------
    document
        The description, which is changed.
    """
    operations = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    for name in _SAID_BY.keys() & operations.keys():
        answers = operations[name]["responses"]
        links = {
            target: _link(target, parameter, pointer)
            for parameter in _SAID_BY[name]
            for pointer, targets in (_ITEMS[parameter],)
            for target in targets
            if target in operations
        }
        for status, answer in answers.items():
            if status.startswith("2"):
                answer["links"] = links


def _link(target: str, parameter: str, pointer: str) -> dict[str, Any]:
    return {"operationId": target, "parameters": {parameter: f"$response.body#{pointer}"}}
