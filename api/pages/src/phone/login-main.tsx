// Start the log-in page.

import { render } from "preact";
import "../ui/theme.css";
import "./phone.css";
import { language } from "../words";
import { Login } from "./login";

document.documentElement.lang = language();
render(<Login />, document.getElementById("app")!);
