// Read geometries.

export type Pair = [number, number];

/** All positions of a geometry, in order. */
export function positions(geometry: GeoJSON.Geometry): Pair[] {
  const found: Pair[] = [];
  const walk = (node: unknown): void => {
    if (!Array.isArray(node)) return;
    if (typeof node[0] === "number") found.push([node[0], Number(node[1])]);
    else node.forEach(walk);
  };
  if ("coordinates" in geometry) walk(geometry.coordinates);
  return found;
}
