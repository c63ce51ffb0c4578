// Show the panel beside the map: lists by kind with search and filters, or one thing in detail.

import { useState } from "preact/hooks";
import type { Selection } from "../map/features";
import { type Page, useStore } from "../ui/state";
import { t } from "../words";
import { Detail } from "./detail";
import { AlertList, AssignmentList, LotList, PlaceList, TruckList } from "./lists";

const TABS = ["alerts", "lots", "assignments", "trucks", "places"] as const;
type Tab = (typeof TABS)[number];

interface Props {
  page: Page;
  selected: Selection | null;
  onSelect: (selected: Selection | null) => void;
  mayCommand: boolean;
}

export function Panel({ page, selected, onSelect, mayCommand }: Props) {
  const [tab, setTab] = useState<Tab>("alerts");
  const [search, setSearch] = useState("");
  useStore(page.store, ["truck", "lot", "slot", "assignment", "checkpoint", "alert", "closure"], 600);
  if (selected) {
    return (
      <aside class="panel" aria-label={t("panel.title")}>
        <button type="button" class="back" onClick={() => onSelect(null)}>
          <span aria-hidden="true">←</span> {t("panel.back")}
        </button>
        <div class="panel-body" key={`${selected.kind}/${selected.id}`}>
          <Detail page={page} selected={selected} onSelect={onSelect} mayCommand={mayCommand} />
        </div>
      </aside>
    );
  }
  const list = { page, search, onSelect };
  return (
    <aside class="panel" aria-label={t("panel.title")}>
      <div
        class="tabs"
        role="tablist"
        onKeyDown={({ key }) => {
          const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
          if (step === 0) return;
          const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]!;
          setTab(next);
          document.getElementById(`tab-${next}`)?.focus();
        }}
      >
        {TABS.map((each) => (
          <button
            type="button"
            role="tab"
            key={each}
            id={`tab-${each}`}
            aria-selected={tab === each}
            tabIndex={tab === each ? 0 : -1}
            aria-controls="panel-list"
            onClick={() => setTab(each)}
          >
            {t(`tab.${each}`)}
          </button>
        ))}
      </div>
      <label class="search">
        <span class="visually-hidden">{t("panel.search")}</span>
        <input
          type="search"
          value={search}
          placeholder={t("panel.search")}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </label>
      <div class="panel-body" id="panel-list" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "alerts" && <AlertList {...list} />}
        {tab === "lots" && <LotList {...list} />}
        {tab === "assignments" && <AssignmentList {...list} />}
        {tab === "trucks" && <TruckList {...list} />}
        {tab === "places" && <PlaceList {...list} />}
      </div>
    </aside>
  );
}
