// Turn what is known into the map's features.

import {
  activeByTruck,
  type Condition,
  conditionOf,
  CONDITIONS,
  fillNow,
  hoursOf,
  isActive,
  isStale,
  lotState,
  type LotState,
  slotsByFacility,
} from "../data/field";
import type { Store } from "../data/store";
import { positions } from "./geometry";
import type { LiveSource } from "./layers";

export interface Selection {
  kind: "truck" | "lot" | "assignment" | "facility" | "checkpoint" | "corridor" | "closure";
  id: string;
}

/** What the reader wants not to see. */
export interface Hidden {
  conditions: ReadonlySet<Condition>;
  lots: ReadonlySet<LotState>;
}

export interface Scene {
  store: Store;
  nowMs: number;
  hidden: Hidden;
  selected: Selection | null;
  bearings: Bearings;
}

type Feature = GeoJSON.Feature;

function point(lon: number, lat: number, properties: Record<string, unknown>): Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}

/** Where trucks head, told from their last two places. */
export class Bearings {
  private readonly last = new Map<string, { lon: number; lat: number; bearing: number | null }>();

  of(id: string, lon: number, lat: number): number | null {
    const known = this.last.get(id);
    if (!known) {
      this.last.set(id, { lon, lat, bearing: null });
      return null;
    }
    const east = (lon - known.lon) * Math.cos((lat * Math.PI) / 180);
    const north = lat - known.lat;
    if (Math.hypot(east, north) < 2e-4) return known.bearing;
    const bearing = (Math.atan2(east, north) * 180) / Math.PI;
    this.last.set(id, { lon, lat, bearing });
    return bearing;
  }
}

/** Spread things that stand within about a kilometre in a spiral, in pixels. */
export class Spread {
  private readonly taken = new Map<string, number>();

  constructor(private readonly stepPx: number) {}

  at(lon: number, lat: number): [number, number] {
    const spot = `${lon.toFixed(2)},${lat.toFixed(2)}`;
    const turn = this.taken.get(spot) ?? 0;
    this.taken.set(spot, turn + 1);
    const radius = this.stepPx * Math.sqrt(turn);
    const angle = turn * 2.39996;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  }
}

function trucks({ store, nowMs, hidden, selected, bearings }: Scene): Feature[] {
  const active = activeByTruck(store.tables.assignment.values());
  const spread = new Spread(7);
  const features: Feature[] = [];
  for (const truck of store.tables.truck.values()) {
    const place = truck.position ?? truck.home;
    if (!place) continue;
    const condition = conditionOf(truck, active.get(truck.truck_id));
    const chosen = selected?.kind === "truck" && selected.id === truck.truck_id;
    if (hidden.conditions.has(condition) && !chosen) continue;
    const driving = condition === "to_pickup" || condition === "loaded";
    const bearing = bearings.of(truck.truck_id, place.lon, place.lat);
    const age = isStale(truck, nowMs) ? "stale" : "fresh";
    const arrow = driving && bearing !== null;
    features.push(
      point(place.lon, place.lat, {
        kind: "truck",
        id: truck.truck_id,
        icon: `truck/${condition}/${age}/${arrow ? "arrow" : "disc"}`,
        bearing: arrow ? bearing : 0,
        offset: arrow ? [0, 0] : spread.at(place.lon, place.lat),
        rank: CONDITIONS.indexOf(condition),
      }),
    );
  }
  return features;
}

function lots({ store, hidden, selected }: Scene): Feature[] {
  const spread = new Spread(9);
  const features: Feature[] = [];
  for (const lot of store.tables.lot.values()) {
    const state = lotState(lot);
    const chosen = selected?.kind === "lot" && selected.id === lot.lot_id;
    if (hidden.lots.has(state) && !chosen) continue;
    const { lon, lat } = lot.pickup;
    features.push(
      point(lon, lat, {
        kind: "lot",
        id: lot.lot_id,
        icon: `lot/${state}`,
        offset: spread.at(lon, lat),
      }),
    );
  }
  return features;
}

function facilities({ store, nowMs }: Scene): Feature[] {
  const slots = slotsByFacility(store.tables.slot.values());
  return store
    .all("facility")
    .filter((each) => each.status === "active")
    .map((each) => {
      const fill = fillNow(hoursOf(slots.get(each.place_id) ?? []), nowMs);
      const eighths = fill === null ? -1 : Math.ceil(fill * 8);
      const kind = ["port", "market", "plant"].includes(each.kind) ? each.kind : "other";
      return point(each.lon, each.lat, {
        kind: "facility",
        id: each.place_id,
        icon: `facility/${kind}/${eighths}`,
        label: `label/place/1/${each.name}`,
      });
    });
}

function checkpoints({ store }: Scene): Feature[] {
  return store
    .all("checkpoint")
    .filter((each) => each.status === "active")
    .map((each) => {
      const held = each.present.some((vehicle) => vehicle.decision === "held");
      return point(each.lon, each.lat, {
        kind: "checkpoint",
        id: each.place_id,
        icon: `checkpoint/${each.present.length}/${held ? "held" : "clear"}`,
      });
    });
}

function corridors({ store, selected }: Scene): Feature[] {
  return store
    .all("corridor")
    .filter((each) => each.status === "open")
    .map((each) => ({
      type: "Feature",
      properties: {
        kind: "corridor",
        id: each.corridor_id,
        selected: selected?.kind === "corridor" && selected.id === each.corridor_id,
      },
      geometry: each.geometry,
    }));
}

/** The assignments that the selected thing is part of. */
export function concerned(store: Store, selected: Selection | null): Set<string> {
  const found = new Set<string>();
  if (!selected) return found;
  for (const each of store.tables.assignment.values()) {
    const match =
      (selected.kind === "assignment" && each.assignment_id === selected.id) ||
      (isActive(each) &&
        ((selected.kind === "truck" && each.truck_id === selected.id) ||
          (selected.kind === "lot" && each.lot_id === selected.id) ||
          (selected.kind === "facility" && each.facility_id === selected.id)));
    if (match) found.add(each.assignment_id);
  }
  return found;
}

function routes({ store, selected }: Scene): Feature[] {
  const chosen = concerned(store, selected);
  const features: Feature[] = [];
  for (const each of store.tables.assignment.values()) {
    const picked = chosen.has(each.assignment_id);
    if (!isActive(each) && !picked) continue;
    features.push({
      type: "Feature",
      properties: { id: each.assignment_id, status: each.status, selected: picked },
      geometry: each.route.geometry,
    });
  }
  return features;
}

function closures({ store, nowMs }: Scene): Feature[] {
  return store
    .all("closure")
    .filter(
      (each) =>
        each.status === "in_force" &&
        Date.parse(each.valid_from) <= nowMs &&
        (each.valid_until === null || nowMs < Date.parse(each.valid_until)),
    )
    .map((each) => ({
      type: "Feature",
      properties: { kind: "closure", id: each.closure_id },
      geometry: each.geometry,
    }));
}

const MAKERS: Partial<Record<LiveSource, (scene: Scene) => Feature[]>> = {
  trucks,
  lots,
  facilities,
  checkpoints,
  corridors,
  routes,
  closures,
};

/** The features of one source. */
export function featuresOf(source: LiveSource, scene: Scene): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features: MAKERS[source]?.(scene) ?? [] };
}

/** Where a selected thing is, or null. */
export function placeOf(store: Store, { kind, id }: Selection): [number, number] | null {
  if (kind === "truck") {
    const truck = store.get("truck", id);
    const place = truck?.position ?? truck?.home;
    return place ? [place.lon, place.lat] : null;
  }
  if (kind === "assignment") {
    const trip = store.get(kind, id);
    const truck = trip && isActive(trip) ? store.get("truck", trip.truck_id)?.position : null;
    const place = truck ?? trip?.pickup;
    return place ? [place.lon, place.lat] : null;
  }
  if (kind === "lot") {
    const pickup = store.get(kind, id)?.pickup;
    return pickup ? [pickup.lon, pickup.lat] : null;
  }
  if (kind === "facility" || kind === "checkpoint") {
    const place = store.get(kind, id);
    return place ? [place.lon, place.lat] : null;
  }
  const line = store.get(kind, id)?.geometry;
  return line ? middleOf(line) : null;
}

function middleOf(geometry: GeoJSON.Geometry): [number, number] | null {
  const found = positions(geometry);
  return found[Math.floor(found.length / 2)] ?? null;
}

/** South-west and north-east of a selected road, corridor or trip, or null for a point. */
export function extentOf(
  store: Store,
  { kind, id }: Selection,
): [[number, number], [number, number]] | null {
  const geometry =
    kind === "assignment"
      ? store.get(kind, id)?.route.geometry
      : kind === "corridor" || kind === "closure"
        ? store.get(kind, id)?.geometry
        : undefined;
  const found = geometry ? positions(geometry) : [];
  if (found.length < 2) return null;
  const lons = found.map((each) => each[0]);
  const lats = found.map((each) => each[1]);
  return [
    [Math.min(...lons), Math.min(...lats)],
    [Math.max(...lons), Math.max(...lats)],
  ];
}
