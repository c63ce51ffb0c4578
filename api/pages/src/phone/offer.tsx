// Show one offer or trip, and take the haulier's answer and reports about it.

import { useState } from "preact/hooks";
import type { Verb } from "../data/api";
import { isActive } from "../data/field";
import { shownPlate } from "../data/plate";
import type { Assignment } from "../data/types";
import { Facts } from "../dispatcher/detail";
import { STATUS_CHIP } from "../dispatcher/lists";
import { Outcome, useCommand } from "../ui/parts";
import type { Page } from "../ui/state";
import { maybe, t, word } from "../words";
import { duration, hourOf, kilometres, timeOf, weight } from "../words/format";
import { Countdown } from "./haulier";
import { Sketch } from "./sketch";

const DECLINE_REASONS = ["truck_broken", "no_driver", "own_contract", "too_far", "price", "other"] as const;
const PROBLEM_KINDS = ["breakdown", "accident", "road_blocked", "long_queue", "goods_spoilt", "other"] as const;
const DELAYS_MIN = [0, 15, 30, 60, 120, 240];

interface Props {
  page: Page;
  assignment: Assignment;
  mayAnswer: boolean;
  onBack: () => void;
}

export function Offer({ page, assignment: it, mayAnswer, onBack }: Props) {
  const nowMs = page.clock.nowMs();
  const facility = page.store.get("facility", it.facility_id)?.name ?? it.facility_id;
  const corridor = page.store.get("corridor", it.corridor_id);
  return (
    <article class="offer">
      <button type="button" class="back" onClick={onBack}>
        <span aria-hidden="true">←</span> {t("haulier.back")}
      </button>
      <div class="offer-head">
        <h2>{shownPlate(it.plate ?? it.truck_id)}</h2>
        <span class={`chip ${STATUS_CHIP[it.status]}`} data-testid="offer-status" data-status={it.status}>
          {t(`status.${it.status}`)}
        </span>
      </div>
      {it.status === "proposed" && <Countdown until={it.accept_by} nowMs={nowMs} />}
      <Sketch assignment={it} to={facility} />
      <ol class="legs">
        <li>
          <span class="num">{timeOf(it.departure, nowMs)}</span>
          <span>{t("assignment.leaves")}</span>
        </li>
        <li>
          <span class="num">{timeOf(it.pickup_eta, nowMs)}</span>
          <span>
            {it.pickup.name} · {word("product", it.product)} {weight(it.quantity_kg)}
          </span>
        </li>
        <li>
          <span class="num">{timeOf(it.delivery_eta, nowMs)}</span>
          <span>
            {facility} · {t("haulier.gate", { gate: it.gate_id })} · {hourOf(it.window_start)}–
            {hourOf(it.window_end)}
          </span>
        </li>
      </ol>
      <Facts
        facts={[
          [t("assignment.road"), `${kilometres(it.route.distance_m)} · ${duration(it.drive_s || it.route.duration_s)}`],
          [t("haulier.temperature"), word("temperature", it.temperature)],
          [
            t("assignment.corridor"),
            corridor?.name ?? it.corridor_id ?? maybe(`corridor_reason.${it.corridor_reason ?? ""}`) ?? "–",
          ],
        ]}
      />
      <Buttons assignment={it} mayAnswer={mayAnswer} />
    </article>
  );
}

function Buttons({ assignment: it, mayAnswer }: { assignment: Assignment; mayAnswer: boolean }) {
  const { busy, told, send } = useCommand(it.assignment_id);
  const [open, setOpen] = useState<"decline" | "problem" | null>(null);
  const [why, setWhy] = useState("");
  const [kind, setKind] = useState<string>(PROBLEM_KINDS[0]);
  const [delay, setDelay] = useState(30);
  const act = (verb: Verb, body: object = {}): void => {
    void send(verb, body).then((done) => done && setOpen(null));
  };
  const off = busy !== null;
  const answerable = mayAnswer && it.status === "proposed";
  return (
    <div class="offer-actions">
      <Outcome told={told} busy={off} />
      {answerable && (
        <div class="action-row">
          <button type="button" class="button primary big" disabled={off} onClick={() => act("accept")}>
            {t("haulier.accept")}
          </button>
          <button
            type="button"
            class="button danger big"
            disabled={off}
            aria-expanded={open === "decline"}
            onClick={() => setOpen(open === "decline" ? null : "decline")}
          >
            {t("haulier.decline")}
          </button>
        </div>
      )}
      {it.status === "accepted" && (
        <button type="button" class="button primary big" disabled={off} onClick={() => act("loaded")}>
          {t("haulier.loaded")}
        </button>
      )}
      {it.status === "loaded" && (
        <button type="button" class="button primary big" disabled={off} onClick={() => act("delivered")}>
          {t("haulier.delivered")}
        </button>
      )}
      {isActive(it) && it.status !== "proposed" && (
        <button
          type="button"
          class="button big"
          disabled={off}
          aria-expanded={open === "problem"}
          onClick={() => setOpen(open === "problem" ? null : "problem")}
        >
          {t("haulier.problem")}
        </button>
      )}
      {open === "decline" && answerable && (
        <form
          class="action-form"
          onSubmit={(event) => {
            event.preventDefault();
            act("decline", { reason: why });
          }}
        >
          <label class="field">
            <span>{t("haulier.decline_why")}</span>
            <select required value={why} onChange={(e) => setWhy(e.currentTarget.value)}>
              <option value="">–</option>
              {DECLINE_REASONS.map((each) => (
                <option key={each} value={each}>
                  {t(`decline_reason.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="button danger filled big" disabled={off || !why}>
            {t("haulier.decline_sure")}
          </button>
        </form>
      )}
      {open === "problem" && (
        <form
          class="action-form"
          onSubmit={(event) => {
            event.preventDefault();
            act("problem", { kind, ...(delay > 0 && { delay_s: delay * 60 }) });
          }}
        >
          <label class="field">
            <span>{t("haulier.problem_kind")}</span>
            <select value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
              {PROBLEM_KINDS.map((each) => (
                <option key={each} value={each}>
                  {t(`problem_kind.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{t("haulier.delay")}</span>
            <select value={String(delay)} onChange={(e) => setDelay(Number(e.currentTarget.value))}>
              {DELAYS_MIN.map((each) => (
                <option key={each} value={String(each)}>
                  {each === 0 ? t("haulier.no_delay") : duration(each * 60)}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="button primary big" disabled={off}>
            {t("haulier.problem_send")}
          </button>
        </form>
      )}
    </div>
  );
}
