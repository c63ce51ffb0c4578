// Start the haulier's page.

import { render } from "preact";
import "../ui/theme.css";
import "./phone.css";
import { language } from "../words";
import { HaulierPage } from "./haulier";

document.documentElement.lang = language();
render(<HaulierPage />, document.getElementById("app")!);
