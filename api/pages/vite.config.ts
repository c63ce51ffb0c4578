// Build four pages with hashed assets; in development, pass /v1 on to a running stack.
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { keepForOffline } from "./kept";

const stack = process.env.HARVESTLANE_API ?? "http://127.0.0.1:8000";
const page = (name: string): string => resolve(import.meta.dirname ?? ".", `${name}.html`);

export default defineConfig({
  appType: "mpa",
  plugins: [keepForOffline()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2021",
    assetsInlineLimit: 0, // everything from a file: the content policy allows no inline scripts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200, // the map engine
    rollupOptions: {
      input: {
        index: page("index"),
        haulier: page("haulier"),
        checkpoint: page("checkpoint"),
        login: page("login"),
        worker: resolve(import.meta.dirname ?? ".", "src/phone/worker.ts"),
      },
      output: {
        // A service worker's address stays the same: its content tells the version.
        entryFileNames: ({ name }) => (name === "worker" ? "worker.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: { port: 5173, proxy: { "/v1": { target: stack } } },
  test: { include: ["src/tests/**/*.test.{ts,tsx}"] },
});
