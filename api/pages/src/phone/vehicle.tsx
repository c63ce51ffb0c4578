// Show an officer what a vehicle is and carries, and take the decision.

import { useState } from "preact/hooks";
import { randomKey } from "../data/api";
import { activeByTruck } from "../data/field";
import type { Outbox } from "../data/outbox";
import { shownPlate } from "../data/plate";
import type { Assignment, Decision } from "../data/types";
import { Facts } from "../dispatcher/detail";
import { STATUS_CHIP } from "../dispatcher/lists";
import { namesOf } from "../dispatcher/names";
import type { HeldLists } from "../passes/held";
import type { Verdict } from "../passes/verify";
import type { Page } from "../ui/state";
import { maybe, t, word } from "../words";
import { hourOf, timeOf, weight } from "../words/format";
import { PassCheck, useVerdict } from "./pass";

export interface Seen {
  truckId: string | null;
  plate: string;
  /** The pass that led here: its plate has yet to be compared with the vehicle's. */
  passText?: string;
}

const REASONS = [
  "papers_missing",
  "pass_expired",
  "pass_forged",
  "people_not_listed",
  "health_check",
  "goods_not_listed",
  "off_corridor",
  "overloaded",
  "vehicle_unsafe",
  "other",
] as const;
const MOST_PEOPLE = 9;

interface Known {
  people: number;
  reason: string;
  verdict: Verdict | null;
  atMs: number;
}

/** What is sent of a decision; a pass is named only where it was checked and holds. */
export function clearanceOf(
  decision: Decision,
  seen: Seen,
  { people, reason, verdict, atMs }: Known,
): Record<string, unknown> {
  const coded = decision === "held" || decision === "refused";
  const passId = passIdOf(verdict);
  return {
    decision,
    plate: seen.plate,
    people_count: people,
    ...(seen.truckId && { truck_id: seen.truckId }),
    ...(coded && reason && { reason_code: reason }),
    ...(passId && { pass_id: passId }),
    // The decision is dated here: it may reach the server much later.
    ...(atMs > 0 && { time: new Date(atMs).toISOString() }),
  };
}

function passIdOf(verdict: Verdict | null): string | null {
  return verdict?.code === "valid" ? (verdict.pass?.passId ?? null) : null;
}

interface Props {
  page: Page;
  postId: string;
  seen: Seen;
  outbox: Outbox;
  lists: HeldLists;
  onDone: () => void;
}

export function Vehicle({ page, postId, seen, outbox, lists, onDone }: Props) {
  const [people, setPeople] = useState(1);
  const [asks, setAsks] = useState<"held" | "refused" | null>(null);
  const [reason, setReason] = useState("");
  const [passText, setPassText] = useState(seen.passText ?? "");
  const trip = tripOf(page, seen);
  const compared = {
    plate: passText === seen.passText ? null : plateOf(page, seen),
    // What is only proposed binds nobody to a corridor yet.
    corridorId: trip && trip.status !== "proposed" ? trip.corridor_id : null,
  };
  const verdict = useVerdict(page, lists, postId, passText, compared);
  const decide = (decision: Decision): void => {
    const atMs = page.clock.nowMs();
    void outbox.add({
      key: randomKey(),
      path: `/v1/checkpoints/${encodeURIComponent(postId)}/clearances`,
      at_ms: atMs,
      body: clearanceOf(decision, seen, { people, reason, verdict, atMs }),
    });
    onDone();
  };
  return (
    <article class="vehicle">
      <button type="button" class="back" onClick={onDone}>
        <span aria-hidden="true">←</span> {t("checkpoint.back")}
      </button>
      <p class="plate">{shownPlate(seen.plate)}</p>
      <What page={page} seen={seen} trip={trip} />
      <PassCheck
        page={page}
        lists={lists}
        text={passText}
        verdict={verdict}
        compared={compared}
        onText={setPassText}
      />
      {passIdOf(verdict) && <p class="note good">{t("pass.goes_along")}</p>}
      <div class="people" role="group" aria-label={t("checkpoint.people")}>
        <span>{t("checkpoint.people")}</span>
        <button
          type="button"
          class="button"
          aria-label={t("checkpoint.fewer")}
          disabled={people === 0}
          onClick={() => setPeople(people - 1)}
        >
          −
        </button>
        <output class="num" data-testid="people">
          {people}
        </output>
        <button
          type="button"
          class="button"
          aria-label={t("checkpoint.more")}
          disabled={people === MOST_PEOPLE}
          onClick={() => setPeople(people + 1)}
        >
          +
        </button>
      </div>
      <div class="decide">
        <button type="button" class="button primary big wide" onClick={() => decide("cleared")}>
          {t("checkpoint.clear")}
        </button>
        <button type="button" class="button big" onClick={() => decide("arrived")}>
          {t("checkpoint.arrive")}
        </button>
        <button
          type="button"
          class="button warn big"
          aria-expanded={asks === "held"}
          onClick={() => setAsks(asks === "held" ? null : "held")}
        >
          {t("checkpoint.hold")}
        </button>
        <button
          type="button"
          class="button danger big"
          aria-expanded={asks === "refused"}
          onClick={() => setAsks(asks === "refused" ? null : "refused")}
        >
          {t("checkpoint.refuse")}
        </button>
      </div>
      {asks && (
        <form
          class="action-form"
          onSubmit={(event) => {
            event.preventDefault();
            decide(asks);
          }}
        >
          <label class="field">
            <span>{t("checkpoint.reason")}</span>
            <select required value={reason} onChange={(e) => setReason(e.currentTarget.value)}>
              <option value="">–</option>
              {REASONS.map((each) => (
                <option key={each} value={each}>
                  {t(`clearance_reason.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <button
            type="submit"
            class={`button filled big ${asks === "held" ? "warn" : "danger"}`}
            disabled={!reason}
          >
            {asks === "held" ? t("checkpoint.hold_sure") : t("checkpoint.refuse_sure")}
          </button>
        </form>
      )}
    </article>
  );
}

/** The plate to compare a pass with: as registered, or as typed; null where only an id is known. */
export function plateOf({ store }: Page, { truckId, plate }: Seen): string | null {
  return truckId ? (store.get("truck", truckId)?.plate ?? null) : plate;
}

function tripOf({ store }: Page, { truckId }: Seen): Assignment | undefined {
  return truckId ? activeByTruck(store.tables.assignment.values()).get(truckId) : undefined;
}

interface WhatProps {
  page: Page;
  seen: Seen;
  trip: Assignment | undefined;
}

function What({ page, seen, trip }: WhatProps) {
  const { store } = page;
  const names = namesOf(store);
  const nowMs = page.clock.nowMs();
  const truck = store.get("truck", seen.truckId);
  if (!truck) return <p class="note warn">{t("checkpoint.unregistered_long")}</p>;
  const corridor = store.get("corridor", trip?.corridor_id);
  const last = truck.last_checkpoint;
  return (
    <div data-testid="vehicle">
      {last && (last.decision === "held" || last.decision === "refused") && (
        <p class="note bad">
          {t("truck.seen", {
            decision: word("decision", last.decision),
            place: names.place(last.checkpoint_id),
            at: timeOf(last.at, nowMs),
          })}
          {last.reason_code && ` ${maybe(`clearance_reason.${last.reason_code}`) ?? last.reason_code}`}
        </p>
      )}
      {!trip && <p class="note warn">{t("checkpoint.no_trip")}</p>}
      {trip && (
        <p class="chips">
          <span class={`chip ${STATUS_CHIP[trip.status]}`}>{t(`status.${trip.status}`)}</span>
        </p>
      )}
      <Facts
        facts={[
          ...(trip
            ? ([
                [t("checkpoint.goods"), `${word("product", trip.product)} · ${weight(trip.quantity_kg)}`],
                [t("checkpoint.way"), `${trip.pickup.name} → ${names.place(trip.facility_id)}`],
                [
                  t("checkpoint.slot"),
                  `${trip.gate_id} · ${hourOf(trip.window_start)}–${hourOf(trip.window_end)}`,
                ],
                [
                  t("assignment.corridor"),
                  corridor?.name ?? trip.corridor_id ?? t("checkpoint.no_corridor"),
                ],
              ] as [string, string][])
            : []),
          [t("truck.class"), word("vehicle_class", truck.vehicle_class)],
          [t("truck.haulier"), truck.haulier_id ?? "–"],
        ]}
      />
    </div>
  );
}
