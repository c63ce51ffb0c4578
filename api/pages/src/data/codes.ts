// Find a QR code in a picture: by the browser's own detector where it has one, else by our own bundle.

import { decodeQR } from "qr/decode.js";

/** Something with pixels that a canvas can draw. */
export type Picture = HTMLVideoElement | ImageBitmap;

/** What the first code says; null where there is none. */
export type Reader = (picture: Picture) => Promise<string | null>;

interface Detector {
  detect(picture: Picture): Promise<{ rawValue: string }[]>;
}
interface DetectorMaker {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

const QR = "qr_code";
const LONGEST_SIDE = 1280; // enough for a code that fills a third of the picture
const PATIENCE_MS = 120;

/** Whether this page may open a camera at all: browsers allow it over HTTPS and on the machine itself. */
export function hasCamera(): boolean {
  return typeof navigator !== "undefined" && Boolean(navigator.mediaDevices?.getUserMedia);
}

export async function newReader(): Promise<Reader> {
  let detector = await ownDetector();
  const canvas = document.createElement("canvas");
  return async (picture) => {
    try {
      if (detector) return (await detector.detect(picture))[0]?.rawValue ?? null;
    } catch {
      detector = null; // some browsers offer a detector that never works
    }
    const image = pixelsOf(picture, canvas);
    return image && readPixels(image);
  };
}

/** Read pixels in RGBA. */
export function readPixels(image: Pick<ImageData, "width" | "height" | "data">): string | null {
  try {
    return decodeQR(image, { format: "RGBA", timeLimit: PATIENCE_MS });
  } catch {
    return null; // no code in this picture
  }
}

async function ownDetector(): Promise<Detector | null> {
  const maker = (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  try {
    return maker && (await maker.getSupportedFormats()).includes(QR)
      ? new maker({ formats: [QR] })
      : null;
  } catch {
    return null;
  }
}

function pixelsOf(picture: Picture, canvas: HTMLCanvasElement): ImageData | null {
  const isVideo = "videoWidth" in picture;
  const width = isVideo ? picture.videoWidth : picture.width;
  const height = isVideo ? picture.videoHeight : picture.height;
  if (!width || !height) return null;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return pen?.getImageData(0, 0, canvas.width, canvas.height) ?? null;
}
