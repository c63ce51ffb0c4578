"""Write the profile by which OSRM drives exactly as fast as our graph says."""

from infra.bench.roads.graph import SPEEDS_KPH

_PROFILE = """\
api_version = 4

function setup()
  return {
    properties = {
      weight_name = 'duration',
      continue_straight_at_waypoint = false,
      u_turn_penalty = 0,
      traffic_signal_penalty = 0,
      use_turn_restrictions = false,
      max_speed_for_map_matching = 40,
    },
    speeds = { %s },
  }
end

function process_node(profile, node, result) end

function process_way(profile, way, result)
  local speed = profile.speeds[way:get_value_by_key('highway')]
  if not speed then return end
  local limit = tonumber(way:get_value_by_key('maxspeed'))
  if limit and limit < speed then speed = limit end
  result.forward_mode = mode.driving
  result.forward_speed = speed
  if way:get_value_by_key('oneway') == 'yes' then
    result.backward_mode = mode.inaccessible
  else
    result.backward_mode = mode.driving
    result.backward_speed = speed
  end
end

function process_turn(profile, turn) end

return {
  setup = setup,
  process_way = process_way,
  process_node = process_node,
  process_turn = process_turn,
}
"""


def profile() -> str:
    """Give the text of the profile: our speeds, signed limits, one-ways, turns for nothing."""
    return _PROFILE % ", ".join(f"{name} = {speed:g}" for name, speed in SPEEDS_KPH.items())
