// Put the dispatcher's page together: head, map, legend and the panel beside it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { openKg } from "../data/field";
import type { Condition, LotState } from "../data/field";
import type { Kind } from "../data/types";
import type { Hidden, Selection } from "../map/features";
import { FieldMap } from "../map/view";
import { Gate, LanguageSwitch, LogOut, Signpost, StackTime } from "../ui/parts";
import { Page, useLanguage, usePage, useSession, useStore } from "../ui/state";
import { language, t } from "../words";
import { weight } from "../words/format";
import { Legend } from "./legend";
import { Panel } from "./panel";

const ROLES = ["dispatcher", "observer", "administrator", "port_operator", "lot_declarer"];
const KINDS: Kind[] = [
  "truck",
  "lot",
  "slot",
  "assignment",
  "corridor",
  "checkpoint",
  "facility",
  "closure",
  "alert",
];
const COUNTED: Kind[] = ["truck", "lot", "assignment", "alert"];

export function App() {
  useLanguage();
  const signed = useSession();
  document.title = t("title.dispatcher");
  return (
    <Signpost signed={signed} roles={ROLES}>
      {(session) => (
        <Desk mayCommand={session.role === "dispatcher" || session.role === "administrator"} />
      )}
    </Signpost>
  );
}

function Desk({ mayCommand }: { mayCommand: boolean }) {
  const page = useMemo(() => new Page(KINDS), []);
  useEffect(() => page.start(), [page]);
  usePage(page);
  const [selected, setSelected] = useState<Selection | null>(null);
  const [conditions, setConditions] = useState<ReadonlySet<Condition>>(new Set());
  const [lots, setLots] = useState<ReadonlySet<LotState>>(new Set(["delivered", "withdrawn"]));
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<FieldMap | null>(null);
  const words = language();
  // What a map that is drawn only later, or anew in another language, has to start with.
  const shown = useRef<{ hidden: Hidden; selected: Selection | null }>(null!);
  shown.current = { hidden: { conditions, lots }, selected };

  useEffect(() => {
    let gone = false;
    const fonts = ["400 12px", "600 12px"].map((font) =>
      document.fonts.load(`${font} "Be Vietnam Pro"`, "Rạch Giá"),
    );
    void Promise.allSettled(fonts).then(() => {
      if (gone || !place.current) return;
      map.current = new FieldMap(place.current, page.store, page.clock, setSelected);
      map.current.hide(shown.current.hidden);
      map.current.select(shown.current.selected, false);
    });
    return () => {
      gone = true;
      map.current?.destroy();
      map.current = null;
    };
  }, [page, words]);
  useEffect(() => map.current?.hide({ conditions, lots }), [conditions, lots]);
  const select = (wanted: Selection | null): void => {
    setSelected(wanted);
    map.current?.select(wanted, true);
  };
  useEffect(() => map.current?.select(selected, false), [selected]);

  if (page.connection === "signed_out" || page.connection === "forbidden") {
    return (
      <Gate title={t("gate.out")}>
        <p>{t("gate.out_how")}</p>
        <a class="button primary" href="/login">
          {t("gate.enter")}
        </a>
      </Gate>
    );
  }
  return (
    <div class="desk">
      <header class="head">
        <span class="brand">
          <Mark />
          <span>
            <strong>{t("app.name")}</strong>
            <small>{t("app.tagline")}</small>
          </span>
        </span>
        <Figures page={page} />
        <StackTime page={page} />
        <LanguageSwitch />
        <LogOut />
      </header>
      <main class="map-side">
        <div class="map" ref={place} data-testid="map" />
        <Legend
          page={page}
          conditions={conditions}
          onConditions={setConditions}
          lots={lots}
          onLots={setLots}
        />
        <p class="credit">
          <a href="https://www.openstreetmap.org/copyright" rel="noreferrer">
            {t("map.credit_osm")}
          </a>
          {" · "}
          {t("map.credit_land")}
        </p>
      </main>
      <Panel page={page} selected={selected} onSelect={select} mayCommand={mayCommand} />
    </div>
  );
}

function Figures({ page }: { page: Page }) {
  useStore(page.store, COUNTED, 1000);
  const { lot, alert, assignment } = page.store.tables;
  const nowMs = page.clock.nowMs();
  let underWay = 0;
  for (const each of assignment.values())
    if (each.status === "loaded" || (each.status === "accepted" && Date.parse(each.departure) <= nowMs))
      underWay += 1;
  let leftKg = 0;
  let deliveredKg = 0;
  for (const each of lot.values()) {
    deliveredKg += each.delivered_kg;
    if (each.status !== "withdrawn") leftKg += openKg(each);
  }
  let alerts = 0;
  for (const each of alert.values()) if (each.status === "raised") alerts += 1;
  return (
    <dl class="figures">
      <Figure name={t("figure.under_way")} value={String(underWay)} />
      <Figure name={t("figure.left")} value={weight(leftKg)} />
      <Figure name={t("figure.delivered")} value={weight(deliveredKg)} />
      <Figure name={t("figure.alerts")} value={String(alerts)} />
    </dl>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="num">{value}</dd>
    </div>
  );
}

function Mark() {
  return (
    <svg width="34" height="34" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#16705f" />
      <path d="M16 5c1 5 6 7 6 12a6 6 0 0 1-12 0c0-5 5-7 6-12z" fill="#f2c14e" />
      <path
        d="M5 26h22M9 26l4-5M23 26l-4-5"
        stroke="#dff1ec"
        stroke-width="2"
        stroke-linecap="round"
        fill="none"
      />
    </svg>
  );
}
