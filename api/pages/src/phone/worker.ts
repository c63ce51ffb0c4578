// Keep the checkpoint page's own files in the browser, so that it opens without a network.

import { clientsClaim, skipWaiting } from "workbox-core";
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";
import { registerRoute } from "workbox-routing";

declare const self: { __KEPT: { url: string; revision: string | null }[] };

void skipWaiting();
clientsClaim();
cleanupOutdatedCaches();

// The page itself comes from the network while there is one: a new version shows at once.
registerRoute(
  ({ request }) => request.mode === "navigate",
  async ({ request }) => {
    try {
      return await fetch(request);
    } catch {
      return (await matchPrecache("/checkpoint")) ?? Response.error();
    }
  },
);
precacheAndRoute(self.__KEPT, { cleanURLs: false, directoryIndex: "" });
