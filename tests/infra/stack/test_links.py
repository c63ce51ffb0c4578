"""Choose whom the printed links are for."""

import json
from pathlib import Path
from typing import Any

from infra.settings import Settings
from infra.stack.links import links


def event(number: int, event_type: str, data: dict[str, Any]) -> str:
    """Write one line of a scenario."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(number),
            "source": "/test",
            "type": event_type,
            "time": "2021-08-01T00:00:00+07:00",
            "data": data,
        }
    )


def test_scenarios_links_are_for_its_largest_haulier_and_first_checkpoint(tmp_path: Path) -> None:
    """While the views are empty, the scenario's file says whom there is."""
    lines = [
        event(1, "truck.registered", {"truck_id": "T1", "haulier_id": "small"}),
        event(2, "truck.registered", {"truck_id": "T2", "haulier_id": "large"}),
        event(3, "truck.registered", {"truck_id": "T3", "haulier_id": "large"}),
        event(4, "checkpoint.registered", {"place_id": "cp-1"}),
        event(5, "checkpoint.registered", {"place_id": "cp-2"}),
    ]
    scenario = tmp_path / "day.jsonl"
    scenario.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = links(Settings.throwaway(tmp_path), str(scenario))
    assert [link.who for link in found] == ["dispatcher", "haulier large", "checkpoint cp-1"]
    assert len({link.url for link in found}) == 3
