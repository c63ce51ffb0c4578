// List alerts, lots, assignments, trucks and places, searched and filtered.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import {
  activeByTruck,
  conditionOf,
  CONDITIONS,
  fillNow,
  hoursOf,
  isActive,
  isStale,
  lastSignMs,
  LOT_STATES,
  lotState,
  openKg,
  slotsByFacility,
} from "../data/field";
import { normalPlate, shownPlate } from "../data/plate";
import type { Alert, AssignmentStatus } from "../data/types";
import { CONDITION_COLOUR, LOT_COLOUR } from "../map/icons";
import type { Selection } from "../map/features";
import type { Page } from "../ui/state";
import { t, word } from "../words";
import { age, timeOf, weight } from "../words/format";
import { alertSentence, reasonSentence } from "../words/sentences";
import { namesOf, plain } from "./names";

export interface ListProps {
  page: Page;
  search: string;
  onSelect: (selected: Selection) => void;
}

const SHOWN = 80;

/** A filter of one choice, or all. */
function Filter<T extends string>(props: {
  name: string;
  choices: readonly T[];
  label: (choice: T) => string;
  chosen: T | null;
  onChoose: (choice: T | null) => void;
}) {
  return (
    <label class="filter">
      <span class="visually-hidden">{props.name}</span>
      <select
        value={props.chosen ?? ""}
        onChange={(event) => props.onChoose((event.currentTarget.value as T) || null)}
      >
        <option value="">{props.name}</option>
        {props.choices.map((choice) => (
          <option key={choice} value={choice}>
            {props.label(choice)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface RowProps {
  id: string;
  title: ComponentChildren;
  chip?: ComponentChildren;
  lines: ComponentChildren[];
  colour?: string;
  onClick: () => void;
}

export function Row({ id, title, chip, lines, colour, onClick }: RowProps) {
  return (
    <li>
      <button type="button" class="row" data-id={id} onClick={onClick}>
        <span class="row-top">
          {colour && <span class="dot" style={{ color: colour }} aria-hidden="true" />}
          <span class="row-title">{title}</span>
          {chip}
        </span>
        {lines.map((line, at) => line && <span key={at} class="row-line">{line}</span>)}
      </button>
    </li>
  );
}

/** The first rows, and how many more there are. */
function Rows<T>({ found, empty, row }: { found: T[]; empty: string; row: (each: T) => ComponentChildren }) {
  const [most, setMost] = useState(SHOWN);
  if (found.length === 0) return <p class="empty muted">{empty}</p>;
  return (
    <>
      <ul class="rows">{found.slice(0, most).map(row)}</ul>
      {found.length > most && (
        <button type="button" class="button more" onClick={() => setMost(most + SHOWN)}>
          {t("panel.more", { n: found.length - most })}
        </button>
      )}
    </>
  );
}

/** Whether any of some texts contains what was typed, accents and punctuation aside. */
function matches(search: string, ...texts: (string | null | undefined)[]): boolean {
  const wanted = plain(search.trim());
  if (!wanted) return true;
  const plate = normalPlate(search);
  return texts.some(
    (text) =>
      text && (plain(text).includes(wanted) || (plate.length > 2 && normalPlate(text).includes(plate))),
  );
}

const SEVERITY_RANK = { critical: 0, warning: 1, info: 2 };
export const SEVERITY_CHIP = { critical: "bad", warning: "warn", info: "info" };

/** What of an alert can be shown on the map. */
export function subjectOf(page: Page, alert: Alert): Selection | null {
  const checkpoint = alert.params["checkpoint_id"];
  const kinds = ["truck", "lot", "assignment", "facility", "checkpoint", "corridor", "closure"] as const;
  for (const kind of kinds)
    if (page.store.get(kind, alert.subject)) return { kind, id: alert.subject };
  if (typeof checkpoint === "string") return { kind: "checkpoint", id: checkpoint };
  return null;
}

export function AlertList({ page, search, onSelect }: ListProps) {
  const [code, setCode] = useState<string | null>(null);
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  const raised = page.store.all("alert").filter((each) => each.status === "raised");
  const codes = [...new Set(raised.map((each) => each.code))].sort();
  const found = raised
    .filter((each) => !code || each.code === code)
    .map((alert) => ({ alert, text: alertSentence(alert, names, nowMs) }))
    .filter(({ alert, text }) => matches(search, text, alert.subject))
    .sort(
      (a, b) =>
        SEVERITY_RANK[a.alert.severity] - SEVERITY_RANK[b.alert.severity] ||
        b.alert.updated_at.localeCompare(a.alert.updated_at),
    );
  return (
    <>
      {(code !== null || codes.length > 1) && (
        <div class="filters">
          <Filter
            name={t("filter.alerts")}
            choices={code !== null && !codes.includes(code) ? [...codes, code] : codes}
            label={(each) => word("alert", each)}
            chosen={code}
            onChoose={setCode}
          />
        </div>
      )}
      <Rows
        found={found}
        empty={t("empty.alerts")}
        row={({ alert, text }) => (
          <Row
            key={alert.alert_id}
            id={alert.alert_id}
            title={text}
            chip={
              <span class={`chip ${SEVERITY_CHIP[alert.severity]}`}>
                {t(`severity.${alert.severity}`)}
              </span>
            }
            lines={[<span class="muted num">{timeOf(alert.updated_at, nowMs)}</span>]}
            onClick={() => {
              const subject = subjectOf(page, alert);
              if (subject) onSelect(subject);
            }}
          />
        )}
      />
    </>
  );
}

export function LotList({ page, search, onSelect }: ListProps) {
  const [state, setState] = useState<(typeof LOT_STATES)[number] | null>(null);
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  const found = page.store
    .all("lot")
    .map((lot) => ({ lot, state: lotState(lot) }))
    .filter((each) => (state ? each.state === state : each.state !== "withdrawn"))
    .filter(({ lot }) =>
      matches(search, lot.lot_id, lot.pickup.name, word("product", lot.product), word("region", lot.region)),
    )
    .sort(
      (a, b) =>
        LOT_STATES.indexOf(a.state) - LOT_STATES.indexOf(b.state) ||
        a.lot.hold_until.localeCompare(b.lot.hold_until),
    );
  return (
    <>
      <div class="filters">
        <Filter
          name={t("filter.lots")}
          choices={LOT_STATES}
          label={(each) => t(`lot_state.${each}`)}
          chosen={state}
          onChoose={setState}
        />
      </div>
      <Rows
        found={found}
        empty={t("empty.lots")}
        row={({ lot, state: is }) => (
          <Row
            key={lot.lot_id}
            id={lot.lot_id}
            colour={LOT_COLOUR[is]}
            title={`${word("product", lot.product)} · ${weight(lot.quantity_kg)}`}
            chip={<span class="chip">{t(`lot_state.${is}`)}</span>}
            lines={[
              t("lot.line", {
                place: lot.pickup.name,
                hold: timeOf(lot.hold_until, nowMs),
                temperature: word("temperature", lot.temperature),
              }),
              is === "left" && (
                <span class="why">
                  {t("lot.left", { kg: weight(openKg(lot)) })}{" "}
                  {reasonSentence(lot.reasons[0]!, names, nowMs)}
                </span>
              ),
            ]}
            onClick={() => onSelect({ kind: "lot", id: lot.lot_id })}
          />
        )}
      />
    </>
  );
}

const STATUSES: AssignmentStatus[] = [
  "proposed",
  "accepted",
  "loaded",
  "delivered",
  "declined",
  "expired",
  "cancelled",
];

export const STATUS_CHIP: Record<AssignmentStatus, string> = {
  proposed: "warn",
  accepted: "info",
  loaded: "good",
  delivered: "",
  declined: "bad",
  expired: "bad",
  cancelled: "bad",
};

export function AssignmentList({ page, search, onSelect }: ListProps) {
  const [status, setStatus] = useState<AssignmentStatus | null>(null);
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  const found = page.store
    .all("assignment")
    .filter((each) => (status ? each.status === status : isActive(each)))
    .filter((each) =>
      matches(
        search,
        each.plate,
        each.assignment_id,
        each.pickup.name,
        word("product", each.product),
        names.place(each.facility_id),
      ),
    )
    .sort(
      (a, b) =>
        STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status) ||
        (isActive(a)
          ? a.delivery_eta.localeCompare(b.delivery_eta)
          : b.updated_at.localeCompare(a.updated_at)),
    );
  return (
    <>
      <div class="filters">
        <Filter
          name={t("filter.assignments")}
          choices={STATUSES}
          label={(each) => t(`status.${each}`)}
          chosen={status}
          onChoose={setStatus}
        />
      </div>
      <Rows
        found={found}
        empty={t("empty.assignments")}
        row={(each) => (
          <Row
            key={each.assignment_id}
            id={each.assignment_id}
            title={shownPlate(each.plate ?? each.truck_id)}
            chip={
              <span class={`chip ${STATUS_CHIP[each.status]}`}>
                {t(`status.${each.status}`)}
                {each.pinned && ` · ${t("assignment.pinned")}`}
              </span>
            }
            lines={[
              `${word("product", each.product)} · ${weight(each.quantity_kg)}`,
              t("assignment.line", {
                from: each.pickup.name,
                to: names.place(each.facility_id),
                eta: timeOf(each.delivery_eta, nowMs),
              }),
            ]}
            onClick={() => onSelect({ kind: "assignment", id: each.assignment_id })}
          />
        )}
      />
    </>
  );
}

/** Trucks that need a look come first. */
const URGENCY = ["held", "waiting", "loaded", "to_pickup", "offered", "free", "unavailable"];

export function TruckList({ page, search, onSelect }: ListProps) {
  const [condition, setCondition] = useState<(typeof CONDITIONS)[number] | null>(null);
  const nowMs = page.clock.nowMs();
  const active = activeByTruck(page.store.tables.assignment.values());
  const found = page.store
    .all("truck")
    .map((truck) => ({ truck, is: conditionOf(truck, active.get(truck.truck_id)) }))
    .filter(({ is }) => !condition || is === condition)
    .filter(({ truck }) =>
      matches(search, truck.plate, truck.truck_id, truck.haulier_id, word("region", truck.region)),
    )
    .sort(
      (a, b) =>
        URGENCY.indexOf(a.is) - URGENCY.indexOf(b.is) ||
        (a.truck.plate ?? "").localeCompare(b.truck.plate ?? ""),
    );
  return (
    <>
      <div class="filters">
        <Filter
          name={t("filter.trucks")}
          choices={CONDITIONS}
          label={(each) => t(`condition.${each}`)}
          chosen={condition}
          onChoose={setCondition}
        />
      </div>
      <Rows
        found={found}
        empty={t("empty.trucks")}
        row={({ truck, is }) => (
          <Row
            key={truck.truck_id}
            id={truck.truck_id}
            colour={CONDITION_COLOUR[is]}
            title={shownPlate(truck.plate ?? truck.truck_id)}
            chip={<span class="chip">{t(`condition.${is}`)}</span>}
            lines={[
              `${word("vehicle_class", truck.vehicle_class)} · ${weight(truck.payload_kg ?? 0)}`,
              <span class={isStale(truck, nowMs) ? "stale-text" : "muted"}>
                {t("truck.sign", { age: age(lastSignMs(truck), nowMs) })}
              </span>,
            ]}
            onClick={() => onSelect({ kind: "truck", id: truck.truck_id })}
          />
        )}
      />
    </>
  );
}

const PLACE_GROUPS = ["facility", "checkpoint", "corridor", "closure"] as const;

export function PlaceList({ page, search, onSelect }: ListProps) {
  const [group, setGroup] = useState<(typeof PLACE_GROUPS)[number] | null>(null);
  const { store } = page;
  const nowMs = page.clock.nowMs();
  const slots = slotsByFacility(store.tables.slot.values());
  const rows: ComponentChildren[] = [];
  const shows = (each: (typeof PLACE_GROUPS)[number]): boolean => !group || group === each;
  if (shows("closure"))
    for (const each of store.all("closure").filter((one) => one.status === "in_force"))
      if (matches(search, each.reason, each.closure_id))
        rows.push(
          <Row
            key={`closure/${each.closure_id}`}
            id={each.closure_id}
            title={each.reason ?? t(`closure.${each.kind}`)}
            chip={<span class="chip bad">{t(`closure.${each.kind}`)}</span>}
            lines={[
              t("closure.line", {
                from: timeOf(each.valid_from, nowMs),
                until: each.valid_until ? timeOf(each.valid_until, nowMs) : t("closure.open_end"),
              }),
            ]}
            onClick={() => onSelect({ kind: "closure", id: each.closure_id })}
          />,
        );
  if (shows("facility"))
    for (const each of store.all("facility").sort(byName))
      if (each.status === "active" && matches(search, each.name, word("facility_kind", each.kind))) {
        const fill = fillNow(hoursOf(slots.get(each.place_id) ?? []), nowMs);
        rows.push(
          <Row
            key={`facility/${each.place_id}`}
            id={each.place_id}
            title={each.name}
            chip={fill === null ? null : <Fill fill={fill} />}
            lines={[word("facility_kind", each.kind)]}
            onClick={() => onSelect({ kind: "facility", id: each.place_id })}
          />,
        );
      }
  if (shows("checkpoint"))
    for (const each of store.all("checkpoint").sort(byQueue))
      if (each.status === "active" && matches(search, each.name))
        rows.push(
          <Row
            key={`checkpoint/${each.place_id}`}
            id={each.place_id}
            title={each.name}
            chip={
              each.present.length > 0 && (
                <span class="chip warn">{t("checkpoint.queue", { n: each.present.length })}</span>
              )
            }
            lines={[t("checkpoint.bays", { n: each.bays })]}
            onClick={() => onSelect({ kind: "checkpoint", id: each.place_id })}
          />,
        );
  if (shows("corridor"))
    for (const each of store.all("corridor"))
      if (matches(search, each.name, each.corridor_id))
        rows.push(
          <Row
            key={`corridor/${each.corridor_id}`}
            id={each.corridor_id}
            title={each.name ?? each.corridor_id}
            chip={<span class={`chip ${each.status === "open" ? "good" : ""}`}>{t(`corridor.${each.status}`)}</span>}
            lines={[t(`corridor.${each.kind}`)]}
            onClick={() => onSelect({ kind: "corridor", id: each.corridor_id })}
          />,
        );
  return (
    <>
      <div class="filters">
        <Filter
          name={t("filter.places")}
          choices={PLACE_GROUPS}
          label={(each) => t(`place_group.${each}`)}
          chosen={group}
          onChoose={setGroup}
        />
      </div>
      {rows.length ? <ul class="rows">{rows}</ul> : <p class="empty muted">{t("empty.places")}</p>}
    </>
  );
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, "vi");
}

function byQueue(
  a: { name: string; present: unknown[] },
  b: { name: string; present: unknown[] },
): number {
  return b.present.length - a.present.length || byName(a, b);
}

export function Fill({ fill }: { fill: number }) {
  const percent = Math.round(fill * 100);
  return (
    <span class={`fill ${fill >= 1 ? "full" : fill >= 0.75 ? "high" : ""}`}>
      <span class="fill-bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span class="num">{percent}%</span>
    </span>
  );
}
