// Make sentences of what the stack says in codes and numbers; what no catalogue knows is shown as is.

import type { Problem } from "../data/api";
import type { Alert, Alternative, Assignment, Command, Reason } from "../data/types";
import { duration, number, timeOf } from "./format";
import { language, maybe, t, whole, word } from "./index";

/** Names that a sentence may need in place of ids. */
export interface Names {
  truck(id: string): string;
  place(id: string): string;
  lot(id: string): string;
  /** Whatever has this id: a truck, a lot or a place. */
  thing(id: string): string;
}

type Values = Record<string, string | number>;

const TIMES = new Set(["arrival", "hold_until", "next_window_start", "ready_from", "at", "last_sign", "latest"]);
const WEIGHTS = new Set(["quantity_kg", "min_consignment_kg", "largest_payload_kg", "payload_kg"]);

function values(params: Record<string, unknown>, names: Names, nowMs: number): Values {
  const found: Values = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined) continue;
    if (TIMES.has(name)) found[name] = timeOf(String(value), nowMs);
    else if (WEIGHTS.has(name)) found[name] = number(Number(value));
    else if (name === "temperature") found[name] = word("temperature", String(value));
    else if (name === "product") found[name] = word("product", String(value));
    else if (name === "truck_id") found[name] = names.truck(String(value));
    else if (name === "lot_id") found[name] = names.lot(String(value));
    else if (name === "decision") found[name] = word("decision", String(value));
    else if (name === "facility_id" || name.endsWith("checkpoint_id"))
      found[name] = names.place(String(value));
    else if (name === "reason_code")
      found[name] = maybe(`clearance_reason.${String(value)}`) ?? String(value);
    else if (name === "kind") found[name] = maybe(`problem_kind.${String(value)}`) ?? String(value);
    else if (name.endsWith("_s")) found[name] = duration(Number(value));
    else if (Array.isArray(value)) found[name] = value.map((id) => names.place(String(id))).join(", ");
    else if (typeof value === "number") found[name] = number(value, 1);
    else found[name] = String(value);
  }
  return found;
}

/** Why something of a lot is left over. */
export function reasonSentence(reason: Reason, names: Names, nowMs: number): string {
  const known = values(reason.params, names, nowMs);
  const text = whole(`reason.${reason.code}`, known);
  if (text === null) return told(reason) || word("reason", reason.code);
  const also = reason.params["together_with"];
  if (!Array.isArray(also) || also.length === 0) return text;
  const others = also.map((code) => word("reason", String(code)));
  return `${text} ${t("reason.together", { others: others.join(", ") })}`;
}

/** What would help, as the planner tells it. */
export function fixSentence(fix: NonNullable<Reason["fix"]>): string {
  return t("reason.fix", { fix: fix[language()] });
}

/** The planner's own sentence, in the reader's language where it has one. */
function told({ detail, params }: Reason): string {
  const local = language() === "vi" ? params["vi"] : null;
  return typeof local === "string" && local ? local : detail;
}

/** The planner's summary of a trip, with names in place of the ids it speaks of. */
export function summaryOf(assignment: Assignment, names: Names): string | null {
  const { summary } = assignment.explanation;
  const text = typeof summary === "string" ? summary : summary?.[language()];
  if (!text) return null;
  return text
    .replaceAll(assignment.truck_id, names.truck(assignment.truck_id))
    .replaceAll(assignment.facility_id, names.place(assignment.facility_id));
}

export function alertSentence(alert: Alert, names: Names, nowMs: number): string {
  const subject = names.thing(alert.subject);
  const known = values(alert.params, names, nowMs);
  const why = known["reason_code"] ? t("alert.because", { reason: known["reason_code"] }) : "";
  const text = maybe(`alert.${alert.code}`, { ...known, why, subject });
  if (text !== null) return text.trim();
  const detail = alert.params["detail"];
  return typeof detail === "string" && detail ? detail : `${word("alert", alert.code)} · ${subject}`;
}

/** What became of a command. */
export function outcomeSentence(outcome: Command): string {
  if (outcome.status === "done") return maybe(`done.${outcome.command.replace(/^.*\./, "")}`) ?? t("done.any");
  const why = outcome.reason ? maybe(`refusal.${outcome.reason}`) : null;
  return why ?? t("refusal.any", { detail: outcome.detail ?? outcome.reason ?? "" });
}

/** What went wrong with a request, and what to do. */
export function problemSentence(problem: Problem): string {
  const known = maybe(`problem.${problem.code}`);
  if (known !== null) return known;
  if (problem.passing) return t("problem.passing");
  return t("problem.any", { title: problem.title || problem.code, detail: problem.detail });
}

/** Why an alternative was not taken. */
export function whySentence({ why_code: code, why, why_vi: local }: Alternative): string {
  return maybe(`why.${code}`) ?? ((language() === "vi" && local) || why);
}
