// Read the code of a pass with the camera, or from a picture that was taken with it.

import { useEffect, useRef, useState } from "preact/hooks";
import { hasCamera, newReader } from "../data/codes";
import { t } from "../words";

const EVERY_MS = 150;

interface Props {
  onText: (text: string) => void;
}

export function Scan({ onText }: Props) {
  const [running, setRunning] = useState(false);
  const [trouble, setTrouble] = useState<"refused" | "no_code" | null>(null);
  const readFile = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setTrouble(null);
    const text = await textOf(file);
    if (text === null) setTrouble("no_code");
    else onText(text);
  };
  return (
    <div class="scan">
      {hasCamera() ? (
        <button type="button" class="button big" onClick={() => setRunning(!running)}>
          {running ? t("pass.stop") : t("pass.scan")}
        </button>
      ) : (
        <p class="note small" data-testid="no-camera">
          {t("pass.no_camera")}
        </p>
      )}
      {running && (
        <Camera
          onText={(text) => {
            setRunning(false);
            onText(text);
          }}
          onRefused={() => {
            setRunning(false);
            setTrouble("refused");
          }}
        />
      )}
      <label class="button big photo">
        {t("pass.photo")}
        <input
          class="visually-hidden"
          type="file"
          accept="image/*"
          capture="environment"
          onChange={(event) => {
            void readFile(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </label>
      {trouble && (
        <p class="note warn" role="alert">
          {trouble === "refused" ? t("pass.camera_refused") : t("pass.no_code")}
        </p>
      )}
    </div>
  );
}

async function textOf(file: File): Promise<string | null> {
  try {
    const picture = await createImageBitmap(file);
    try {
      return await (await newReader())(picture);
    } finally {
      picture.close();
    }
  } catch {
    return null; // no picture at all
  }
}

function Camera({ onText, onRefused }: { onText: (text: string) => void; onRefused: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let stopped = false;
    let stream: MediaStream | null = null;
    const run = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
      const [read, screen] = [await newReader(), video.current];
      if (!stopped && screen) {
        screen.srcObject = stream;
        await screen.play();
      }
      while (!stopped && screen) {
        const text = await read(screen);
        if (stopped) break;
        if (text !== null) return onText(text);
        await new Promise((done) => setTimeout(done, EVERY_MS));
      }
    };
    const close = (): void => stream?.getTracks().forEach((track) => track.stop());
    run()
      .catch(() => {
        if (!stopped) onRefused();
      })
      .finally(close);
    return () => {
      stopped = true;
      close();
    };
  }, []);
  return (
    <>
      <video ref={video} class="camera" muted playsInline aria-label={t("pass.scanning")} />
      <p class="muted small">{t("pass.scanning")}</p>
    </>
  );
}
