// Let a haulier see its offers and trips, answer the offers, and report what happens on the way.

import { useEffect, useMemo, useState } from "preact/hooks";
import { isActive } from "../data/field";
import { shownPlate } from "../data/plate";
import type { Assignment, Kind } from "../data/types";
import { STATUS_CHIP } from "../dispatcher/lists";
import { Signpost } from "../ui/parts";
import { Page, useEvery, useLanguage, useSession, useStore } from "../ui/state";
import { t, word } from "../words";
import { duration, timeOf, weight } from "../words/format";
import { Offer } from "./offer";
import { Chooser, Shell } from "./shell";

const ROLES = ["haulier", "driver", "dispatcher", "administrator"];
const KINDS: Kind[] = ["assignment", "facility", "truck", "corridor"];
const RECENT = 12;

export function HaulierPage() {
  useLanguage();
  const signed = useSession();
  document.title = t("title.haulier");
  return (
    <Signpost signed={signed} roles={ROLES}>
      {({ role, subject }) => (
        <Trips subject={subject} isDriver={role === "driver"} isWide={!["haulier", "driver"].includes(role)} />
      )}
    </Signpost>
  );
}

interface TripsProps {
  subject: string | null;
  isDriver: boolean;
  isWide: boolean;
}

/** The assignment that the address line names, so that the phone's back button works. */
function useNamed(): [string, (id: string) => void] {
  const read = (): string => decodeURIComponent(location.hash.replace(/^#/, ""));
  const [named, setNamed] = useState(read);
  useEffect(() => {
    const listener = (): void => setNamed(read());
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  return [named, (id) => (location.hash = encodeURIComponent(id))];
}

function Trips({ subject, isDriver, isWide }: TripsProps) {
  const page = useMemo(() => new Page(KINDS), []);
  useEffect(() => page.start(), [page]);
  useStore(page.store, KINDS, 300);
  useEvery(1000);
  const [named, setNamed] = useNamed();
  const [haulier, setHaulier] = useState(isWide ? "" : (subject ?? ""));
  const mine = page.store
    .all("assignment")
    .filter((each) => isDriver || !haulier || each.haulier_id === haulier);
  const chosen = page.store.get("assignment", named);
  const offers = mine
    .filter((each) => each.status === "proposed")
    .sort((a, b) => a.accept_by.localeCompare(b.accept_by));
  const running = mine
    .filter((each) => isActive(each) && each.status !== "proposed")
    .sort((a, b) => a.pickup_eta.localeCompare(b.pickup_eta));
  const past = mine
    .filter((each) => !isActive(each))
    .sort((a, b) => b.updated_at.localeCompare(a.updated_at))
    .slice(0, RECENT);
  const list = { page, onOpen: setNamed };
  return (
    <Shell
      page={page}
      title={t("haulier.title")}
      under={subject ?? word("role", "haulier")}
      offline={t("haulier.offline")}
    >
      {chosen ? (
        <Offer
          key={chosen.assignment_id}
          page={page}
          assignment={chosen}
          mayAnswer={!isDriver}
          onBack={() => setNamed("")}
        />
      ) : (
        <>
          {isWide && (
            <Chooser
              name={t("haulier.choose")}
              choices={hauliersOf(page)}
              chosen={haulier}
              onChoose={setHaulier}
            />
          )}
          <Group {...list} title={t("haulier.offers", { n: offers.length })} trips={offers} empty={t("haulier.no_offers")} />
          <Group {...list} title={t("haulier.running", { n: running.length })} trips={running} empty={t("haulier.no_running")} />
          {past.length > 0 && <Group {...list} title={t("haulier.past")} trips={past} empty="" />}
        </>
      )}
    </Shell>
  );
}

function hauliersOf(page: Page): { id: string; name: string }[] {
  const ids = new Set(page.store.all("truck").map((truck) => truck.haulier_id));
  return [...ids]
    .filter((id) => id !== null)
    .sort()
    .map((id) => ({ id, name: id }));
}

interface GroupProps {
  page: Page;
  title: string;
  trips: Assignment[];
  empty: string;
  onOpen: (id: string) => void;
}

function Group({ page, title, trips, empty, onOpen }: GroupProps) {
  const nowMs = page.clock.nowMs();
  return (
    <section class="group">
      <h2>{title}</h2>
      {trips.length === 0 && <p class="muted">{empty}</p>}
      <ul class="cards">
        {trips.map((each) => (
          <li key={each.assignment_id}>
            <button
              type="button"
              class={`trip ${each.status}`}
              data-id={each.assignment_id}
              onClick={() => onOpen(each.assignment_id)}
            >
              <span class="trip-top">
                <strong>{shownPlate(each.plate ?? each.truck_id)}</strong>
                <span class={`chip ${STATUS_CHIP[each.status]}`}>{t(`status.${each.status}`)}</span>
              </span>
              <span class="trip-way">
                {each.pickup.name} → {page.store.get("facility", each.facility_id)?.name ?? each.facility_id}
              </span>
              <span class="muted">
                {word("product", each.product)} · {weight(each.quantity_kg)} ·{" "}
                {t("haulier.pickup_at", { at: timeOf(each.pickup_eta, nowMs) })}
              </span>
              {each.status === "proposed" && <Countdown until={each.accept_by} nowMs={nowMs} />}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How long an offer still stands. */
export function Countdown({ until, nowMs }: { until: string; nowMs: number }) {
  const left = (Date.parse(until) - nowMs) / 1000;
  return (
    <span class={`chip ${left < 300 ? "bad" : "warn"}`}>
      {left > 0 ? t("haulier.answer_in", { d: duration(left), at: timeOf(until, nowMs) }) : t("haulier.answer_late")}
    </span>
  );
}
