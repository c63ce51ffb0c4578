// Show one assignment with why it was planned so, and let a dispatcher cancel, pin or override it.

import { useState } from "preact/hooks";
import { activeByTruck, conditionOf, isActive } from "../data/field";
import { normalPlate, shownPlate } from "../data/plate";
import type { Assignment } from "../data/types";
import { Outcome, useCommand } from "../ui/parts";
import type { Page } from "../ui/state";
import { type Key, maybe, t, word } from "../words";
import { duration, hourOf, kilometres, number, timeOf, weight } from "../words/format";
import { summaryOf, whySentence } from "../words/sentences";
import { type DetailProps, Facts, Jump } from "./detail";
import { STATUS_CHIP } from "./lists";
import { namesOf } from "./names";

type Props = DetailProps & { assignment: Assignment };

export function AssignmentDetail(props: Props) {
  const { page, assignment: it, onSelect, mayCommand } = props;
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  const corridor = page.store.get("corridor", it.corridor_id);
  return (
    <>
      <h2>
        {t("assignment.title", { plate: shownPlate(it.plate ?? it.truck_id) })}
      </h2>
      <p class="chips">
        <span class={`chip ${STATUS_CHIP[it.status]}`} data-testid="assignment-status">
          {t(`status.${it.status}`)}
        </span>
        {it.pinned && <span class="chip info">{t("assignment.pinned")}</span>}
        {it.status === "proposed" && (
          <span class="chip warn">{t("assignment.accept_by", { at: timeOf(it.accept_by, nowMs) })}</span>
        )}
      </p>
      <ol class="legs">
        <li>
          <span class="num">{timeOf(it.departure, nowMs)}</span>
          <Jump to={{ kind: "truck", id: it.truck_id }} onSelect={onSelect}>
            {t("assignment.leaves")}
          </Jump>
        </li>
        <li>
          <span class="num">{timeOf(it.pickup_eta, nowMs)}</span>
          <Jump to={{ kind: "lot", id: it.lot_id }} onSelect={onSelect}>
            {it.pickup.name} · {word("product", it.product)} {weight(it.quantity_kg)}
          </Jump>
        </li>
        <li>
          <span class="num">{timeOf(it.delivery_eta, nowMs)}</span>
          <Jump to={{ kind: "facility", id: it.facility_id }} onSelect={onSelect}>
            {names.place(it.facility_id)} · {it.gate_id} · {hourOf(it.window_start)}–
            {hourOf(it.window_end)}
          </Jump>
        </li>
      </ol>
      <Facts
        facts={[
          [
            t("assignment.road"),
            `${kilometres(it.route.distance_m)} · ${duration(it.drive_s || it.route.duration_s)}`,
          ],
          [
            t("assignment.corridor"),
            corridor?.name ??
              it.corridor_id ??
              maybe(`corridor_reason.${it.corridor_reason ?? ""}`) ??
              it.corridor_reason ??
              "–",
          ],
          [t("truck.haulier"), it.haulier_id],
        ]}
      />
      {it.reason && <p class="note">{maybe(`cause.${it.reason}`) ?? it.reason}</p>}
      <Why page={page} assignment={it} />
      {mayCommand && isActive(it) && <Actions {...props} />}
    </>
  );
}

const SLACKS = ["hold", "window", "day_driving"] as const;

function Why({ page, assignment: it }: { page: Page; assignment: Assignment }) {
  const names = namesOf(page.store);
  const { quantity, slack_s: slack, alternatives, wait_s: wait, forced, cost } = it.explanation;
  const summary = summaryOf(it, names);
  return (
    <section class="why-box" data-testid="explanation">
      <h3>{t("why.title")}</h3>
      {summary && <p data-testid="summary">{summary}</p>}
      <ul class="reasons">
        {forced && <li>{t("why.forced")}</li>}
        {quantity?.open_before_kg !== undefined && (
          <li>
            {t("why.quantity", {
              kg: weight(it.quantity_kg),
              open: weight(quantity.open_before_kg),
              spare: weight(quantity.spare_payload_kg ?? 0),
            })}
          </li>
        )}
        {SLACKS.map(
          (each) =>
            slack?.[each] !== undefined && (
              <li key={each}>{t(`why.slack_${each}`, { d: duration(slack[each]) })}</li>
            ),
        )}
        {wait?.facility && wait.facility >= 60 ? <li>{t("why.wait", { d: duration(wait.facility) })}</li> : null}
      </ul>
      {cost && <Costs cost={cost} />}
      {alternatives && alternatives.length > 0 && (
        <>
          <h3>{t("why.alternatives")}</h3>
          <ul class="reasons">
            {alternatives.map((each) => (
              <li key={each.slot_id + each.truck_id}>
                <strong>{names.truck(each.truck_id)}</strong> → {names.place(each.facility_id)}
                {": "}
                {whySentence(each)}{" "}
                <span class="muted num">
                  {t("why.cost", {
                    n: `${each.cost_difference >= 0 ? "+" : "−"}${number(Math.abs(each.cost_difference) / 60)}`,
                  })}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

const COSTS = [
  "empty_driving",
  "loaded_driving",
  "waiting",
  "age",
  "hold_risk",
  "spare_payload",
  "corridor",
] as const;

/** What a trip costs by part, in minutes of driving; a corridor takes some of it away. */
function Costs({ cost }: { cost: Record<string, number> }) {
  const parts = COSTS.filter((part) => Math.abs(cost[part] ?? 0) >= 30);
  const most = Math.max(...parts.map((part) => Math.abs(cost[part]!)), 1);
  return (
    <>
      <h3>{t("why.cost_title")}</h3>
      <ul class="costs" data-testid="costs">
        {parts.map((part) => (
          <li key={part}>
            <span>{t(`cost.${part}` as Key)}</span>
            <span class="cost-bar" aria-hidden="true">
              <span
                class={cost[part]! < 0 ? "less" : ""}
                style={{ width: `${(Math.abs(cost[part]!) / most) * 100}%` }}
              />
            </span>
            <span class="num">{minutes(cost[part]!)}</span>
          </li>
        ))}
        <li class="total">
          <span>{t("why.total")}</span>
          <span />
          <span class="num">{minutes(cost["total"] ?? 0)}</span>
        </li>
      </ul>
    </>
  );
}

function minutes(seconds: number): string {
  return `${seconds < 0 ? "−" : ""}${number(Math.abs(seconds) / 60)}`;
}

function Actions({ page, assignment: it }: Props) {
  const { busy, told, send } = useCommand(it.assignment_id);
  const [open, setOpen] = useState<"cancel" | "override" | null>(null);
  const [reason, setReason] = useState("");
  const act = (verb: "cancel" | "override" | "pin", body: object): void => {
    void send(verb, body).then((done) => done && setOpen(null));
  };
  return (
    <section class="actions" aria-label={t("action.title")}>
      <div class="action-row">
        <button
          type="button"
          class="button"
          disabled={busy !== null}
          onClick={() => act("pin", { pinned: !it.pinned })}
        >
          {it.pinned ? t("action.unpin") : t("action.pin")}
        </button>
        <button
          type="button"
          class="button"
          aria-expanded={open === "override"}
          disabled={busy !== null}
          onClick={() => setOpen(open === "override" ? null : "override")}
        >
          {t("action.override")}
        </button>
        <button
          type="button"
          class="button danger"
          aria-expanded={open === "cancel"}
          disabled={busy !== null}
          onClick={() => setOpen(open === "cancel" ? null : "cancel")}
        >
          {t("action.cancel")}
        </button>
      </div>
      {open === "cancel" && (
        <form
          class="action-form"
          onSubmit={(event) => {
            event.preventDefault();
            act("cancel", reason ? { reason } : {});
          }}
        >
          <label class="field">
            <span>{t("action.cancel_reason")}</span>
            <input value={reason} maxLength={500} onInput={(e) => setReason(e.currentTarget.value)} />
          </label>
          <button type="submit" class="button danger filled" disabled={busy !== null}>
            {t("action.cancel_sure")}
          </button>
        </form>
      )}
      {open === "override" && (
        <Override page={page} assignment={it} busy={busy !== null} onSend={(b) => act("override", b)} />
      )}
      <Outcome told={told} busy={busy !== null} />
    </section>
  );
}

interface OverrideProps {
  page: Page;
  assignment: Assignment;
  busy: boolean;
  onSend: (body: { truck_id?: string; slot_id?: string; reason: string }) => void;
}

function Override({ page, assignment: it, busy, onSend }: OverrideProps) {
  const [truckId, setTruckId] = useState("");
  const [slotId, setSlotId] = useState("");
  const [reason, setReason] = useState("");
  const why = reason.trim();
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  const active = activeByTruck(page.store.tables.assignment.values());
  const trucks = page.store
    .all("truck")
    .filter(
      (each) =>
        each.truck_id !== it.truck_id &&
        each.region === it.region &&
        each.temperature_classes.includes(it.temperature) &&
        conditionOf(each, active.get(each.truck_id)) === "free",
    )
    .sort((a, b) => normalPlate(a.plate ?? "").localeCompare(normalPlate(b.plate ?? "")));
  const destinations = page.store.get("lot", it.lot_id)?.destinations ?? [];
  const slots = page.store
    .all("slot")
    .filter(
      (each) =>
        each.slot_id !== it.slot_id &&
        each.status === "open" &&
        each.reserved.length < each.capacity_trucks &&
        Date.parse(each.window_end) > nowMs &&
        (destinations.length ? destinations.includes(each.facility_id) : each.facility_id === it.facility_id),
    )
    .sort((a, b) => a.window_start.localeCompare(b.window_start))
    .slice(0, 60);
  return (
    <form
      class="action-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSend({
          ...(truckId && { truck_id: truckId }),
          ...(slotId && { slot_id: slotId }),
          reason: why,
        });
      }}
    >
      <label class="field">
        <span>{t("action.other_truck")}</span>
        <select value={truckId} onChange={(e) => setTruckId(e.currentTarget.value)}>
          <option value="">{t("action.same_truck")}</option>
          {trucks.map((each) => (
            <option key={each.truck_id} value={each.truck_id}>
              {`${shownPlate(each.plate ?? each.truck_id)} · ${weight(each.payload_kg ?? 0)}`}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t("action.other_slot")}</span>
        <select value={slotId} onChange={(e) => setSlotId(e.currentTarget.value)}>
          <option value="">{t("action.same_slot")}</option>
          {slots.map((each) => (
            <option key={each.slot_id} value={each.slot_id}>
              {`${names.place(each.facility_id)} · ${each.gate_id} · ${timeOf(each.window_start, nowMs)}`}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t("action.override_reason")}</span>
        <input
          value={reason}
          maxLength={500}
          required
          onInput={(e) => setReason(e.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button primary" disabled={busy || !why || (!truckId && !slotId)}>
        {t("action.override_send")}
      </button>
    </form>
  );
}
