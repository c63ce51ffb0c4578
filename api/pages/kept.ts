// List the files that the checkpoint page needs, for its service worker to keep.
import { createHash } from "node:crypto";
import type { Plugin, Rollup } from "vite";

const PLACEHOLDER = "self.__KEPT";
const KEPT_KINDS = /\.(woff2|svg)$/;

/** A chunk, what it imports, and their styles. */
function filesOf(chunk: Rollup.OutputChunk, bundle: Rollup.OutputBundle): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    const each = bundle[file];
    if (each?.type !== "chunk" || found.has(file)) return;
    found.add(file);
    for (const style of each.viteMetadata?.importedCss ?? []) found.add(style);
    each.imports.forEach(visit);
  };
  visit(chunk.fileName);
  return [...found];
}

/** Write the list into `worker.js`; names hold digests, the page itself gets one as its revision. */
export function keepForOffline(): Plugin {
  return {
    name: "keep-for-offline",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
      const worker = chunks.find((each) => each.fileName === "worker.js");
      const entry = chunks.find((each) => each.isEntry && each.name === "checkpoint");
      const html = bundle["checkpoint.html"];
      if (!worker || !entry || html?.type !== "asset") this.error("the checkpoint page is not there");
      const shared = Object.keys(bundle).filter((file) => KEPT_KINDS.test(file));
      const assets = [...new Set([...filesOf(entry, bundle), ...shared])].sort();
      const revision = createHash("sha256").update(html.source).digest("hex").slice(0, 16);
      const kept = [
        { url: "/checkpoint", revision },
        ...assets.map((file) => ({ url: `/${file}`, revision: null })),
      ];
      if (!worker.code.includes(PLACEHOLDER)) this.error("worker.js keeps nothing");
      worker.code = worker.code.replace(PLACEHOLDER, JSON.stringify(kept));
    },
  };
}
