// Lay out the map's sources and layers, from the sea up to the selected thing.

import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import { CONDITION_COLOUR } from "./icons";
import land from "./land.json";
import towns from "./towns.json";

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Sources that follow the stack. */
export const LIVE_SOURCES = [
  "roads",
  "corridors",
  "routes",
  "closures",
  "lots",
  "facilities",
  "checkpoints",
  "trucks",
] as const;
export type LiveSource = (typeof LIVE_SOURCES)[number];

/** Layers that can be clicked, the first that is hit wins. */
export const PICKED = ["trucks", "lots", "facilities", "checkpoints", "closure-line", "corridor"];

const townFeatures: GeoJSON.FeatureCollection = {
  type: "FeatureCollection",
  features: towns.map(({ name, lon, lat, rank }) => ({
    type: "Feature",
    properties: { rank, icon: `label/town/${rank}/${name}` },
    geometry: { type: "Point", coordinates: [lon, lat] },
  })),
};

const byZoom = (...stops: number[]): ["interpolate", ["linear"], ["zoom"], ...number[]] => [
  "interpolate",
  ["linear"],
  ["zoom"],
  ...stops,
];

const ground: LayerSpecification[] = [
  { id: "water", type: "background", paint: { "background-color": "#cddfe6" } },
  {
    id: "land",
    type: "fill",
    source: "land",
    filter: ["==", ["get", "kind"], "land"],
    paint: { "fill-color": "#f5f3ec" },
  },
  {
    id: "coast",
    type: "line",
    source: "land",
    filter: ["==", ["get", "kind"], "land"],
    paint: { "line-color": "#a9c0c8", "line-width": 1 },
  },
  {
    id: "border",
    type: "line",
    source: "land",
    filter: ["==", ["get", "kind"], "border"],
    paint: { "line-color": "#b9a9ab", "line-width": 1.2, "line-dasharray": [4, 2, 1, 2] },
  },
];

const bigRoad = ["in", ["get", "class"], ["literal", ["motorway", "trunk", "trunk_link"]]];

const roads: LayerSpecification[] = [
  {
    id: "ferry",
    type: "line",
    source: "roads",
    filter: ["==", ["get", "class"], "ferry"],
    paint: { "line-color": "#7fa3b3", "line-width": 1.2, "line-dasharray": [3, 3] },
  },
  {
    id: "road-casing",
    type: "line",
    source: "roads",
    filter: ["!=", ["get", "class"], "ferry"],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": ["case", bigRoad as never, "#cdb98a", "#cfccc0"],
      "line-width": byZoom(6, 1.4, 9, 3.2, 13, 8) as never,
    },
  },
  {
    id: "road",
    type: "line",
    source: "roads",
    filter: ["!=", ["get", "class"], "ferry"],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": ["case", bigRoad as never, "#fbe7b5", "#ffffff"],
      "line-width": byZoom(6, 0.7, 9, 1.8, 13, 6) as never,
    },
  },
];

const moving: LayerSpecification[] = [
  {
    id: "corridor",
    type: "line",
    source: "corridors",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": "#16a085",
      "line-opacity": ["case", ["get", "selected"], 0.55, 0.22],
      "line-width": byZoom(6, 5, 10, 12) as never,
    },
  },
  {
    id: "route-casing",
    type: "line",
    source: "routes",
    filter: ["get", "selected"],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": "#ffffff", "line-width": 10 },
  },
  {
    id: "route",
    type: "line",
    source: "routes",
    layout: {
      "line-cap": "round",
      "line-join": "round",
      "line-sort-key": ["case", ["get", "selected"], 1, 0],
    },
    paint: {
      "line-color": [
        "match",
        ["get", "status"],
        "loaded",
        CONDITION_COLOUR.loaded,
        "accepted",
        CONDITION_COLOUR.to_pickup,
        CONDITION_COLOUR.offered,
      ],
      "line-opacity": ["case", ["get", "selected"], 0.95, 0.3],
      "line-width": ["case", ["get", "selected"], 5.5, 1.6],
    },
  },
  {
    id: "closure-area",
    type: "fill",
    source: "closures",
    filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": "#c0262d", "fill-opacity": 0.14 },
  },
  {
    id: "closure-line",
    type: "line",
    source: "closures",
    layout: { "line-cap": "butt" },
    paint: { "line-color": "#c0262d", "line-width": 4, "line-dasharray": [1.2, 0.8] },
  },
  {
    id: "closure-point",
    type: "circle",
    source: "closures",
    filter: ["==", ["geometry-type"], "Point"],
    paint: {
      "circle-radius": 8,
      "circle-color": "#c0262d",
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 2.5,
    },
  },
  {
    id: "ring",
    type: "circle",
    source: "ring",
    paint: {
      "circle-radius": 19,
      "circle-color": "rgba(242,180,48,.28)",
      "circle-stroke-color": "#e09a12",
      "circle-stroke-width": 2.5,
    },
  },
];

const icon = { "icon-image": ["get", "icon"], "icon-allow-overlap": true } as const;

const signs: LayerSpecification[] = [
  {
    id: "checkpoints",
    type: "symbol",
    source: "checkpoints",
    layout: {
      ...(icon as object),
      "icon-size": byZoom(6, 0.55, 9, 0.85, 12, 1) as never,
      "icon-ignore-placement": true,
    },
  },
  {
    id: "facilities",
    type: "symbol",
    source: "facilities",
    layout: {
      ...(icon as object),
      "icon-size": byZoom(6, 0.6, 9, 0.9, 12, 1.1) as never,
      "icon-ignore-placement": true,
    },
  },
  {
    id: "lots",
    type: "symbol",
    source: "lots",
    layout: {
      ...(icon as object),
      "icon-offset": ["get", "offset"],
      "icon-size": byZoom(6, 0.6, 9, 0.9, 12, 1.1) as never,
      "icon-ignore-placement": true,
    },
  },
  {
    id: "trucks",
    type: "symbol",
    source: "trucks",
    layout: {
      ...(icon as object),
      "icon-offset": ["get", "offset"],
      "icon-rotate": ["get", "bearing"],
      "icon-rotation-alignment": "map",
      "icon-size": byZoom(6, 0.5, 9, 0.8, 12, 1.1) as never,
      "icon-ignore-placement": true,
      "symbol-sort-key": ["get", "rank"],
    },
  },
  {
    id: "place-names",
    type: "symbol",
    source: "facilities",
    minzoom: 8.6,
    layout: {
      "icon-image": ["get", "label"],
      "icon-anchor": "top",
      "icon-offset": [0, 15],
      "icon-padding": 1,
    },
  },
  {
    id: "towns",
    type: "symbol",
    source: "towns",
    filter: ["<=", ["get", "rank"], ["step", ["zoom"], 2, 8.2, 3, 9.6, 4]],
    layout: {
      "icon-image": ["get", "icon"],
      "icon-anchor": "bottom",
      "icon-offset": [0, -10],
      "symbol-sort-key": ["get", "rank"],
      "icon-padding": 2,
    },
  },
];

/** The whole style, with sources that are still empty. */
export function style(): StyleSpecification {
  const live = Object.fromEntries(
    LIVE_SOURCES.map((name) => [name, { type: "geojson" as const, data: EMPTY }]),
  );
  return {
    version: 8,
    sources: {
      land: { type: "geojson", data: land as GeoJSON.FeatureCollection },
      towns: { type: "geojson", data: townFeatures },
      ring: { type: "geojson", data: EMPTY },
      ...live,
    },
    layers: [...ground, ...roads, ...moving, ...signs],
  };
}
