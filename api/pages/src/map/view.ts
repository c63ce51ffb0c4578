// Run the map: follow the store in a steady beat, tell what was clicked, show what is selected.

import engine, { type GeoJSONSource, type IControl, type Map as EngineMap } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import { get } from "../data/api";
import type { StackClock } from "../data/clock";
import type { Store } from "../data/store";
import type { Kind } from "../data/types";
import { t } from "../words";
import { Bearings, extentOf, featuresOf, type Hidden, placeOf, type Selection } from "./features";
import { draw } from "./icons";
import { LIVE_SOURCES, type LiveSource, PICKED, style } from "./layers";

const BEAT_MS = 200;
/** How many beats pass before things that only age are drawn again. */
const AGEING_BEATS = 25;
const DELTA: [[number, number], [number, number]] = [
  [104.3, 8.6],
  [106.9, 10.95],
];
const FARTHEST: [[number, number], [number, number]] = [
  [101, 6.6],
  [110, 13.1],
];

/** Sources to draw again when a kind of state changed, and the least time between two drawings. */
const FOLLOWS: Partial<Record<Kind, LiveSource[]>> = {
  truck: ["trucks"],
  assignment: ["trucks", "routes"],
  lot: ["lots"],
  slot: ["facilities"],
  facility: ["facilities"],
  checkpoint: ["checkpoints"],
  corridor: ["corridors"],
  closure: ["closures"],
};
const EVERY_BEATS: Partial<Record<LiveSource, number>> = { routes: 5, facilities: 5, lots: 3 };

/** The legend lies over this much of a wide map. */
const LEGEND_PX = 246;

function roomIn(
  { clientWidth }: HTMLElement,
  px: number,
): { top: number; right: number; bottom: number; left: number } {
  return { top: px, right: px, bottom: px, left: px + (clientWidth > 820 ? LEGEND_PX : 0) };
}

/** A button that shows the whole delta again. */
class WholeArea implements IControl {
  private readonly box = document.createElement("div");

  onAdd(map: EngineMap): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "whole-area";
    button.title = t("map.home");
    button.setAttribute("aria-label", t("map.home"));
    button.onclick = () =>
      map.fitBounds(DELTA, { padding: roomIn(map.getContainer(), 24), duration: travelMs() });
    this.box.className = "maplibregl-ctrl maplibregl-ctrl-group";
    this.box.append(button);
    return this.box;
  }

  onRemove(): void {
    this.box.remove();
  }
}

function travelMs(): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 600;
}

export class FieldMap {
  private readonly map: EngineMap;
  private readonly dirty = new Set<LiveSource>();
  private readonly bearings = new Bearings();
  private hidden: Hidden = { conditions: new Set(), lots: new Set() };
  private selected: Selection | null = null;
  private beats = 0;
  private loaded = false;
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly stop: () => void;

  constructor(
    container: HTMLElement,
    private readonly store: Store,
    private readonly clock: StackClock,
    onPick: (picked: Selection | null) => void,
  ) {
    this.map = new engine.Map({
      container,
      style: style(),
      bounds: DELTA,
      fitBoundsOptions: { padding: roomIn(container, 24) },
      maxBounds: FARTHEST,
      minZoom: 5.5,
      maxZoom: 15,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
      locale: {
        "NavigationControl.ZoomIn": t("map.zoom_in"),
        "NavigationControl.ZoomOut": t("map.zoom_out"),
        "Map.Title": t("map.title"),
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new engine.NavigationControl({ showCompass: false }), "top-left");
    this.map.addControl(new WholeArea(), "top-left");
    this.map.addControl(new engine.ScaleControl({}), "top-right");
    this.map.on("styleimagemissing", ({ id }) => this.addPicture(id));
    this.map.once("load", () => {
      this.loaded = true;
      this.touch(LIVE_SOURCES);
      void this.loadRoads();
    });
    this.map.on("click", ({ point }) => onPick(this.at(point)));
    this.map.on("mousemove", ({ point }) => {
      this.map.getCanvas().style.cursor = this.at(point) ? "pointer" : "";
    });
    this.stop = store.listen((changed) => {
      for (const kind of changed) this.touch(FOLLOWS[kind] ?? []);
    });
    this.timer = setInterval(() => this.beat(), BEAT_MS);
  }

  destroy(): void {
    clearInterval(this.timer);
    this.stop();
    this.loaded = false;
    this.map.remove();
  }

  hide(hidden: Hidden): void {
    this.hidden = hidden;
    this.touch(["trucks", "lots"]);
  }

  select(selected: Selection | null, go: boolean): void {
    this.selected = selected;
    this.touch(["trucks", "routes", "lots", "corridors"]);
    this.drawRing();
    if (!selected || !go) return;
    const duration = travelMs();
    const bounds = extentOf(this.store, selected);
    const place = placeOf(this.store, selected);
    if (bounds) this.map.fitBounds(bounds, { padding: roomIn(this.map.getContainer(), 60), maxZoom: 12, duration });
    else if (place) {
      this.map.easeTo({ center: place, zoom: Math.max(this.map.getZoom(), 9), duration });
    }
  }

  private touch(sources: readonly LiveSource[]): void {
    for (const source of sources) if (source !== "roads") this.dirty.add(source);
  }

  private beat(): void {
    this.beats += 1;
    if (this.beats % AGEING_BEATS === 0) this.touch(["trucks", "facilities", "closures"]);
    if (!this.loaded || document.hidden || this.dirty.size === 0) return;
    const scene = {
      store: this.store,
      nowMs: this.clock.nowMs(),
      hidden: this.hidden,
      selected: this.selected,
      bearings: this.bearings,
    };
    for (const source of [...this.dirty]) {
      if (this.beats % (EVERY_BEATS[source] ?? 1) !== 0) continue;
      this.dirty.delete(source);
      this.source(source).setData(featuresOf(source, scene));
      if (source === "trucks") this.drawRing();
    }
  }

  private source(name: string): GeoJSONSource {
    return this.map.getSource(name) as GeoJSONSource;
  }

  private drawRing(): void {
    if (!this.loaded) return;
    const place = this.selected && placeOf(this.store, this.selected);
    this.source("ring").setData({
      type: "FeatureCollection",
      features: place
        ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } }]
        : [],
    });
  }

  private async loadRoads(): Promise<void> {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 15_000)) {
      try {
        const roads = await get<GeoJSON.FeatureCollection>("/v1/roads");
        if (this.loaded) this.source("roads").setData(roads);
        return;
      } catch {
        await new Promise((done) => setTimeout(done, wait));
      }
    }
  }

  private addPicture(name: string): void {
    const picture = draw(name);
    if (picture && !this.map.hasImage(name)) {
      this.map.addImage(name, picture.data, { pixelRatio: picture.pixelRatio });
    }
  }

  private at({ x, y }: { x: number; y: number }): Selection | null {
    if (!this.loaded) return null;
    const box: [[number, number], [number, number]] = [
      [x - 6, y - 6],
      [x + 6, y + 6],
    ];
    for (const layer of PICKED) {
      const [hit] = this.map.queryRenderedFeatures(box, { layers: [layer] });
      if (hit) return { kind: hit.properties["kind"], id: hit.properties["id"] };
    }
    return null;
  }
}
