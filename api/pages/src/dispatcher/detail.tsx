// Show one truck, lot, place, corridor or closure in full.

import type { ComponentChildren } from "preact";
import {
  activeByTruck,
  conditionOf,
  hoursOf,
  isStale,
  lastSignMs,
  lotState,
  openKg,
} from "../data/field";
import { shownPlate } from "../data/plate";
import type { Checkpoint, Facility, Lot, Truck } from "../data/types";
import { concerned, type Selection } from "../map/features";
import type { Page } from "../ui/state";
import { maybe, t, word } from "../words";
import { age, dateOf, hourOf, number, timeOf, weight } from "../words/format";
import { fixSentence, reasonSentence } from "../words/sentences";
import { AssignmentDetail } from "./assignment";
import { Row, STATUS_CHIP } from "./lists";
import { namesOf } from "./names";

export interface DetailProps {
  page: Page;
  selected: Selection;
  onSelect: (selected: Selection) => void;
  mayCommand: boolean;
}

export function Detail(props: DetailProps) {
  const { page, selected } = props;
  const { store } = page;
  switch (selected.kind) {
    case "truck": {
      const truck = store.get("truck", selected.id);
      return truck ? <TruckDetail {...props} truck={truck} /> : <Gone />;
    }
    case "lot": {
      const lot = store.get("lot", selected.id);
      return lot ? <LotDetail {...props} lot={lot} /> : <Gone />;
    }
    case "assignment": {
      const assignment = store.get("assignment", selected.id);
      return assignment ? <AssignmentDetail {...props} assignment={assignment} /> : <Gone />;
    }
    case "facility": {
      const facility = store.get("facility", selected.id);
      return facility ? <FacilityDetail {...props} facility={facility} /> : <Gone />;
    }
    case "checkpoint": {
      const checkpoint = store.get("checkpoint", selected.id);
      return checkpoint ? <CheckpointDetail {...props} checkpoint={checkpoint} /> : <Gone />;
    }
    case "corridor":
      return <CorridorDetail {...props} />;
    default:
      return <ClosureDetail {...props} />;
  }
}

function Gone() {
  return <p class="empty muted">{t("detail.gone")}</p>;
}

/** Names and values, two columns. */
export function Facts({ facts }: { facts: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A button that leads to another thing. */
export function Jump({ to, onSelect, children }: {
  to: Selection;
  onSelect: (selected: Selection) => void;
  children: ComponentChildren;
}) {
  return (
    <button type="button" class="jump" onClick={() => onSelect(to)}>
      {children}
    </button>
  );
}

function Assignments({ page, selected, onSelect }: DetailProps) {
  const names = namesOf(page.store);
  const ids = concerned(page.store, selected);
  const nowMs = page.clock.nowMs();
  if (ids.size === 0) return null;
  return (
    <>
      <h3>{t("detail.assignments")}</h3>
      <ul class="rows">
        {[...ids].map((id) => {
          const each = page.store.get("assignment", id)!;
          return (
            <Row
              key={id}
              id={id}
              title={shownPlate(each.plate ?? each.truck_id)}
              chip={<span class={`chip ${STATUS_CHIP[each.status]}`}>{t(`status.${each.status}`)}</span>}
              lines={[
                `${word("product", each.product)} · ${weight(each.quantity_kg)}`,
                t("assignment.line", {
                  from: each.pickup.name,
                  to: names.place(each.facility_id),
                  eta: timeOf(each.delivery_eta, nowMs),
                }),
              ]}
              onClick={() => onSelect({ kind: "assignment", id })}
            />
          );
        })}
      </ul>
    </>
  );
}

function TruckDetail(props: DetailProps & { truck: Truck }) {
  const { page, truck, onSelect } = props;
  const nowMs = page.clock.nowMs();
  const active = activeByTruck(page.store.tables.assignment.values()).get(truck.truck_id);
  const condition = conditionOf(truck, active);
  const names = namesOf(page.store);
  const seen = truck.last_checkpoint;
  return (
    <>
      <h2 data-testid="truck-title">{shownPlate(truck.plate ?? truck.truck_id)}</h2>
      <p class="chips">
        <span class="chip">{t(`condition.${condition}`)}</span>
        <span class={`chip ${isStale(truck, nowMs) ? "warn" : "good"}`} data-testid="sign-age">
          {t("truck.sign", { age: age(lastSignMs(truck), nowMs) })}
        </span>
      </p>
      <Facts
        facts={[
          [t("truck.class"), word("vehicle_class", truck.vehicle_class)],
          [t("truck.payload"), truck.payload_kg ? weight(truck.payload_kg) : "–"],
          [
            t("truck.temperatures"),
            truck.temperature_classes.map((each) => word("temperature", each)).join(", ") || "–",
          ],
          [t("truck.haulier"), truck.haulier_id ?? "–"],
          [t("truck.region"), word("region", truck.region)],
          [t("truck.home"), truck.home?.name ?? "–"],
          [
            t("truck.position"),
            <span class="num" data-testid="position">
              {truck.position
                ? `${truck.position.lat.toFixed(4)}, ${truck.position.lon.toFixed(4)}`
                : "–"}
            </span>,
          ],
        ]}
      />
      {seen && (
        <p class={`note ${seen.decision === "held" || seen.decision === "refused" ? "bad" : ""}`}>
          {t("truck.seen", {
            decision: word("decision", seen.decision),
            place: names.place(seen.checkpoint_id),
            at: timeOf(seen.at, nowMs),
          })}
          {seen.reason_code &&
            ` ${t("alert.because", {
              reason: maybe(`clearance_reason.${seen.reason_code}`) ?? seen.reason_code,
            })}`}{" "}
          <Jump to={{ kind: "checkpoint", id: seen.checkpoint_id }} onSelect={onSelect}>
            {t("detail.show")}
          </Jump>
        </p>
      )}
      <Assignments {...props} />
    </>
  );
}

function LotDetail(props: DetailProps & { lot: Lot }) {
  const { page, lot } = props;
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  const state = lotState(lot);
  const parts = [
    ["delivered", lot.delivered_kg],
    ["loaded", lot.loaded_kg],
    ["planned", lot.booked_kg],
    ["left", openKg(lot)],
  ] as const;
  return (
    <>
      <h2 data-testid="lot-title">{word("product", lot.product)}</h2>
      <p class="chips">
        <span class={`chip ${state === "left" ? "bad" : ""}`}>{t(`lot_state.${state}`)}</span>
        {lot.grade && <span class="chip">{lot.grade}</span>}
        <span class="chip">{word("temperature", lot.temperature)}</span>
      </p>
      <div class="stack" aria-hidden="true">
        {parts.map(([name, kg]) => kg > 0 && <span key={name} class={name} style={{ flexGrow: kg }} />)}
      </div>
      <Facts
        facts={[
          [t("lot.quantity"), weight(lot.quantity_kg)],
          ...parts.map(([name, kg]): [string, string] => [t(`lot_part.${name}`), weight(kg)]),
          [t("lot.pickup"), lot.pickup.name],
          [t("lot.ready"), `${timeOf(lot.ready_from, nowMs)}`],
          [t("lot.hold"), `${timeOf(lot.hold_until, nowMs)}`],
          [
            t("lot.price"),
            lot.price_vnd_per_kg ? t("unit.price", { n: number(lot.price_vnd_per_kg) }) : "–",
          ],
          [t("lot.code"), lot.lot_id],
        ]}
      />
      {lot.reasons.length > 0 && (
        <div class="note bad" data-testid="reasons">
          <strong>{t("lot.left", { kg: weight(openKg(lot)) })}</strong>
          <ul class="reasons">
            {lot.reasons.map((reason) => (
              <li key={reason.code}>
                {reasonSentence(reason, names, nowMs)}
                {reason.fix && <em class="fix">{fixSentence(reason.fix)}</em>}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Assignments {...props} />
    </>
  );
}

function FacilityDetail(props: DetailProps & { facility: Facility }) {
  const { page, facility } = props;
  const nowMs = page.clock.nowMs();
  const hours = hoursOf(
    page.store.all("slot").filter((slot) => slot.facility_id === facility.place_id),
  ).filter((hour) => hour.endMs > nowMs - 3 * 3_600_000 && hour.startMs < nowMs + 13 * 3_600_000);
  const most = Math.max(1, ...hours.map((hour) => Math.max(hour.capacity, hour.reserved)));
  return (
    <>
      <h2>{facility.name}</h2>
      <p class="chips">
        <span class="chip">{word("facility_kind", facility.kind)}</span>
        {facility.gates.length > 0 && (
          <span class="chip">{t("facility.gates", { list: facility.gates.join(", ") })}</span>
        )}
      </p>
      <h3>{t("facility.slots")}</h3>
      {hours.length === 0 && <p class="muted">{t("facility.no_slots")}</p>}
      <ul class="hours">
        {hours.map((hour) => {
          const now = hour.startMs <= nowMs && nowMs < hour.endMs;
          const full = hour.reserved >= hour.capacity;
          return (
            <li key={hour.startMs} class={now ? "now" : ""}>
              <span class="num">{hourOf(hour.startMs)}</span>
              <span class="hour-bar" aria-hidden="true">
                <span class="capacity" style={{ width: `${(hour.capacity / most) * 100}%` }} />
                <span
                  class={`reserved ${full ? "full" : ""}`}
                  style={{ width: `${(hour.reserved / most) * 100}%` }}
                />
              </span>
              <span class="num">{t("facility.places", { n: hour.reserved, of: hour.capacity })}</span>
              {now && <span class="chip info">{t("facility.now")}</span>}
            </li>
          );
        })}
      </ul>
      {facility.products.length > 0 && (
        <p class="muted small">
          {t("facility.takes", {
            list: facility.products.map((each) => word("product", each)).join(", "),
          })}
        </p>
      )}
      <Assignments {...props} />
    </>
  );
}

function CheckpointDetail({ page, checkpoint, onSelect }: DetailProps & { checkpoint: Checkpoint }) {
  const nowMs = page.clock.nowMs();
  const names = namesOf(page.store);
  const decisions = ["arrived", "cleared", "held", "refused"] as const;
  return (
    <>
      <h2>{checkpoint.name}</h2>
      <p class="chips">
        <span class="chip">{t("checkpoint.bays", { n: checkpoint.bays })}</span>
        <span class={`chip ${checkpoint.present.length > checkpoint.bays ? "warn" : "good"}`}>
          {t("checkpoint.queue", { n: checkpoint.present.length })}
        </span>
      </p>
      <Facts
        facts={decisions.map((each) => [word("decision", each), number(checkpoint.totals[each] ?? 0)])}
      />
      <h3>{t("checkpoint.present")}</h3>
      {checkpoint.present.length === 0 && <p class="muted">{t("checkpoint.nobody")}</p>}
      <ul class="rows">
        {checkpoint.present.map((each) => (
          <Row
            key={each.vehicle}
            id={each.vehicle}
            title={names.truck(each.truck_id ?? each.vehicle)}
            chip={
              <span class={`chip ${each.decision === "held" ? "bad" : "warn"}`}>
                {word("decision", each.decision)}
              </span>
            }
            lines={[
              t("checkpoint.since", { age: age(Date.parse(each.since), nowMs) }),
              each.reason_code &&
                (maybe(`clearance_reason.${each.reason_code}`) ?? each.reason_code),
            ]}
            onClick={() => each.truck_id && onSelect({ kind: "truck", id: each.truck_id })}
          />
        ))}
      </ul>
    </>
  );
}

function CorridorDetail({ page, selected, onSelect }: DetailProps) {
  const corridor = page.store.get("corridor", selected.id);
  if (!corridor) return <Gone />;
  const names = namesOf(page.store);
  return (
    <>
      <h2>{corridor.name ?? corridor.corridor_id}</h2>
      <p class="chips">
        <span class={`chip ${corridor.status === "open" ? "good" : ""}`}>
          {t(`corridor.${corridor.status}`)}
        </span>
        <span class="chip">{t(`corridor.${corridor.kind}`)}</span>
      </p>
      <Facts
        facts={[
          [
            t("corridor.ends"),
            corridor.facilities.map((id) => (
              <Jump key={id} to={{ kind: "facility", id }} onSelect={onSelect}>
                {names.place(id)}
              </Jump>
            )),
          ],
          [
            t("corridor.checkpoints"),
            corridor.checkpoints.map((id) => names.place(id)).join(" → ") || "–",
          ],
          [t("corridor.hours"), corridor.hours ? `${corridor.hours.start}–${corridor.hours.end}` : t("corridor.all_day")],
          [t("corridor.valid"), `${dateOf(corridor.valid_from)} – ${corridor.valid_until ? dateOf(corridor.valid_until) : t("closure.open_end")}`],
          [t("corridor.width"), t("unit.metres", { n: number(corridor.width_m) })],
        ]}
      />
    </>
  );
}

function ClosureDetail({ page, selected }: DetailProps) {
  const closure = page.store.get("closure", selected.id);
  if (!closure) return <Gone />;
  const nowMs = page.clock.nowMs();
  return (
    <>
      <h2>{closure.reason ?? t(`closure.${closure.kind}`)}</h2>
      <p class="chips">
        <span class="chip bad">{t(`closure.${closure.kind}`)}</span>
        <span class="chip">{t(`closure.${closure.status}`)}</span>
      </p>
      <Facts
        facts={[
          [t("closure.from"), timeOf(closure.valid_from, nowMs)],
          [
            t("closure.until"),
            closure.valid_until ? timeOf(closure.valid_until, nowMs) : t("closure.open_end"),
          ],
        ]}
      />
    </>
  );
}
