// Sketch a route on the outline of the land, without a map engine.

import type { Assignment } from "../data/types";
import { type Pair, positions } from "../map/geometry";
import land from "../map/land.json";
import { t } from "../words";

const WIDTH = 360;
const HEIGHT = 210;
const MARGIN = 34;
/** Half the width of a letter of the names, about. */
const LETTER_HALF = 3.7;

/** A projection that fits positions into the sketch. */
export function fit(points: Pair[]): (point: Pair) => Pair {
  const lons = points.map((point) => point[0]);
  const lats = points.map((point) => point[1]);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const wide = Math.max((east - west) * squeeze, 0.05);
  const high = Math.max(north - south, 0.05);
  const scale = Math.min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high);
  return ([lon, lat]) => [
    WIDTH / 2 + (lon - (west + east) / 2) * squeeze * scale,
    HEIGHT / 2 - (lat - (south + north) / 2) * scale,
  ];
}

const path = (points: Pair[], project: (point: Pair) => Pair): string =>
  points
    .map(project)
    .map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");

const shores = (land as GeoJSON.FeatureCollection).features.flatMap((feature) =>
  feature.geometry.type === "MultiPolygon"
    ? feature.geometry.coordinates.map((polygon) => polygon[0] as Pair[])
    : [],
);

export function Sketch({ assignment: it, to }: { assignment: Assignment; to: string }) {
  const line = positions(it.route.geometry);
  const first = line[0];
  const last = line[line.length - 1];
  if (!first || !last) return null;
  const pickup: Pair = [it.pickup.lon, it.pickup.lat];
  const project = fit([...line, pickup]);
  const marks: [Pair, string, string][] = [
    [pickup, "pickup", it.pickup.name],
    [last, "end", to],
  ];
  return (
    <svg
      class="sketch"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t("haulier.sketch", { from: it.pickup.name, to })}
    >
      <rect width={WIDTH} height={HEIGHT} class="sea" />
      {shores.map((shore, at) => (
        <path key={at} d={`${path(shore, project)}Z`} class="shore" />
      ))}
      <path d={path(line, project)} class="way-casing" />
      <path d={path(line, project)} class="way" />
      <circle cx={project(first)[0]} cy={project(first)[1]} r="5" class="mark start" />
      {marks.map(([place, kind, name]) => {
        const [x, y] = project(place);
        const half = name.length * LETTER_HALF + 6;
        const middle = Math.min(Math.max(x, half), WIDTH - half);
        return (
          <g key={kind}>
            <circle cx={x} cy={y} r="7" class={`mark ${kind}`} />
            <text x={middle} y={y < HEIGHT / 2 ? y - 13 : y + 22} text-anchor="middle">
              {name}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
