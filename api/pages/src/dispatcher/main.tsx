// Start the dispatcher's page.

import { render } from "preact";
import "../ui/theme.css";
import "./dispatcher.css";
import { App } from "./app";
import { language } from "../words";

document.documentElement.lang = language();
render(<App />, document.getElementById("app")!);
