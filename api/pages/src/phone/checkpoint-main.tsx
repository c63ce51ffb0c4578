// Start the checkpoint officer's page.

import { render } from "preact";
import "../ui/theme.css";
import "./phone.css";
import { language } from "../words";
import { CheckpointPage } from "./checkpoint";

document.documentElement.lang = language();
render(<CheckpointPage />, document.getElementById("app")!);
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/worker.js", { scope: "/checkpoint" }).catch(() => undefined);
}
