// Draw the map's pictures on a canvas, by name, when the map first asks for them.

import { LOT_STATES, type LotState, type Condition } from "../data/field";

const RATIO = 2;

export const CONDITION_COLOUR: Record<Condition, string> = {
  free: "#66788a",
  offered: "#d18a12",
  to_pickup: "#1d63c4",
  loaded: "#0b7a55",
  waiting: "#d9640b",
  held: "#c0262d",
  unavailable: "#a7b0ac",
};

export const LOT_COLOUR: Record<LotState, string> = {
  left: "#c0262d",
  open: "#d18a12",
  planned: "#1d63c4",
  loaded: "#0b7a55",
  delivered: "#8aa89d",
  withdrawn: "#a7b0ac",
};

const INK = "#1f3a34";
const FONT = '"Be Vietnam Pro", system-ui, sans-serif';

interface Picture {
  data: ImageData;
  pixelRatio: number;
}

type Draw = (pen: CanvasRenderingContext2D) => void;

function picture(width: number, height: number, draw: Draw): Picture {
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * RATIO);
  canvas.height = Math.ceil(height * RATIO);
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  pen.scale(RATIO, RATIO);
  pen.lineJoin = "round";
  pen.lineCap = "round";
  draw(pen);
  return { data: pen.getImageData(0, 0, canvas.width, canvas.height), pixelRatio: RATIO };
}

/** `truck/CONDITION/fresh|stale/arrow|disc`. */
function truck(condition: Condition, stale: boolean, arrow: boolean): Picture {
  const colour = CONDITION_COLOUR[condition];
  return picture(26, 26, (pen) => {
    pen.translate(13, 13);
    pen.beginPath();
    if (arrow) {
      pen.moveTo(0, -11);
      pen.quadraticCurveTo(9, -2, 7.5, 8);
      pen.quadraticCurveTo(0, 4, -7.5, 8);
      pen.quadraticCurveTo(-9, -2, 0, -11);
    } else {
      pen.arc(0, 0, stale ? 5.5 : 7, 0, Math.PI * 2);
    }
    pen.closePath();
    pen.shadowColor = "rgba(10,40,33,.35)";
    pen.shadowBlur = 3;
    pen.fillStyle = stale ? "#ffffff" : colour;
    pen.fill();
    pen.shadowBlur = 0;
    pen.lineWidth = stale ? 2.2 : 1.6;
    pen.setLineDash(stale ? [3, 2.4] : []);
    pen.strokeStyle = stale ? colour : "#ffffff";
    pen.stroke();
  });
}

/** `lot/STATE`: a small bag. */
function lot(state: LotState): Picture {
  return picture(18, 18, (pen) => {
    pen.translate(9, 9);
    pen.rotate(Math.PI / 4);
    pen.beginPath();
    pen.roundRect(-5, -5, 10, 10, 2.5);
    pen.fillStyle = LOT_COLOUR[state];
    pen.fill();
    pen.lineWidth = 1.6;
    pen.strokeStyle = "#ffffff";
    pen.stroke();
  });
}

const GLYPHS: Record<string, Draw> = {
  port(pen) {
    pen.moveTo(0, -3.4);
    pen.lineTo(0, 6);
    pen.moveTo(-3, -1);
    pen.lineTo(3, -1);
    pen.moveTo(-5.5, 1.5);
    pen.quadraticCurveTo(-5, 6, 0, 6);
    pen.quadraticCurveTo(5, 6, 5.5, 1.5);
    pen.moveTo(1.6, -5);
    pen.arc(0, -5, 1.6, 0, Math.PI * 2);
  },
  market(pen) {
    pen.moveTo(-5.5, -1);
    pen.lineTo(-4.5, -5.5);
    pen.lineTo(4.5, -5.5);
    pen.lineTo(5.5, -1);
    pen.closePath();
    pen.moveTo(-4.5, -1);
    pen.lineTo(-4.5, 5.5);
    pen.lineTo(4.5, 5.5);
    pen.lineTo(4.5, -1);
  },
  plant(pen) {
    pen.moveTo(-5.5, 5.5);
    pen.lineTo(-5.5, -1);
    pen.lineTo(-1.5, 1.5);
    pen.lineTo(-1.5, -1);
    pen.lineTo(2.5, 1.5);
    pen.lineTo(2.5, -5.5);
    pen.lineTo(5.5, -5.5);
    pen.lineTo(5.5, 5.5);
    pen.closePath();
  },
  other(pen) {
    pen.moveTo(-5, 5);
    pen.lineTo(-5, -1);
    pen.lineTo(0, -5.5);
    pen.lineTo(5, -1);
    pen.lineTo(5, 5);
    pen.closePath();
  },
};

/** `facility/KIND/EIGHTHS`: a badge whose ring is as full as its slots are now. */
function facility(kind: string, eighths: number): Picture {
  return picture(34, 34, (pen) => {
    pen.translate(17, 17);
    pen.beginPath();
    pen.arc(0, 0, 14, 0, Math.PI * 2);
    pen.shadowColor = "rgba(10,40,33,.35)";
    pen.shadowBlur = 4;
    pen.fillStyle = "#ffffff";
    pen.fill();
    pen.shadowBlur = 0;
    pen.lineWidth = 3.4;
    if (eighths >= 0) {
      pen.beginPath();
      pen.arc(0, 0, 12, 0, Math.PI * 2);
      pen.strokeStyle = "#dbe5e0";
      pen.stroke();
      pen.beginPath();
      pen.arc(0, 0, 12, -Math.PI / 2, -Math.PI / 2 + (eighths / 8) * Math.PI * 2);
      pen.strokeStyle = eighths >= 8 ? "#c0262d" : eighths >= 6 ? "#d18a12" : "#0b7a55";
      if (eighths > 0) pen.stroke();
    }
    pen.beginPath();
    pen.lineWidth = 1.7;
    pen.strokeStyle = INK;
    (GLYPHS[kind] ?? GLYPHS["other"]!)(pen);
    pen.stroke();
  });
}

/** `checkpoint/COUNT/held|clear`: a barrier with the number of vehicles that are there. */
function checkpoint(count: number, held: boolean): Picture {
  return picture(32, 30, (pen) => {
    pen.translate(13, 16);
    pen.beginPath();
    pen.roundRect(-9.5, -9.5, 19, 19, 5);
    pen.fillStyle = "#31424c";
    pen.fill();
    pen.lineWidth = 1.6;
    pen.strokeStyle = "#ffffff";
    pen.stroke();
    pen.beginPath();
    pen.lineWidth = 2.2;
    pen.moveTo(-5, 5);
    pen.lineTo(-5, -4);
    pen.moveTo(-5, -1.5);
    pen.lineTo(5.5, -1.5);
    pen.stroke();
    if (count === 0) return;
    pen.beginPath();
    pen.arc(9, -8, 7.2, 0, Math.PI * 2);
    pen.fillStyle = held ? "#c0262d" : "#d9640b";
    pen.fill();
    pen.lineWidth = 1.4;
    pen.stroke();
    pen.fillStyle = "#ffffff";
    pen.font = `600 9px ${FONT}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(count > 99 ? "99+" : String(count), 9, -7.6);
  });
}

/** `label/town|place/RANK/TEXT`. */
function label(style: string, rank: number, text: string): Picture {
  const size = style === "town" ? [13.5, 12, 11, 10.5][rank - 1] ?? 10.5 : 10.5;
  const font = `${rank === 1 || style === "place" ? 600 : 400} ${size}px ${FONT}`;
  const ruler = document.createElement("canvas").getContext("2d")!;
  ruler.font = font;
  const width = ruler.measureText(text).width + 8;
  return picture(width, size + 8, (pen) => {
    pen.font = font;
    pen.textBaseline = "middle";
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(250,250,246,.92)";
    pen.strokeText(text, 4, size / 2 + 4);
    pen.fillStyle = style === "town" ? "#4a5753" : INK;
    pen.fillText(text, 4, size / 2 + 4);
  });
}

/** The picture of a name; null where no picture has that name. */
export function draw(name: string): Picture | null {
  const [kind, a = "", b = "", ...rest] = name.split("/");
  if (kind === "truck") return truck(a as Condition, b === "stale", rest[0] === "arrow");
  if (kind === "lot" && LOT_STATES.includes(a as LotState)) return lot(a as LotState);
  if (kind === "facility") return facility(a, Number(b));
  if (kind === "checkpoint") return checkpoint(Number(a), b === "held");
  if (kind === "label") return label(a, Number(b), rest.join("/"));
  return null;
}
