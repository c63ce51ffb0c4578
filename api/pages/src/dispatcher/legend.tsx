// Say what the map's colours mean, with counts; each is a switch that shows or hides its kind.

import { useState } from "preact/hooks";
import {
  activeByTruck,
  type Condition,
  conditionOf,
  CONDITIONS,
  isStale,
  LOT_STATES,
  type LotState,
  lotState,
} from "../data/field";
import { CONDITION_COLOUR, LOT_COLOUR } from "../map/icons";
import { type Page, useStore } from "../ui/state";
import { t } from "../words";

interface Props {
  page: Page;
  conditions: ReadonlySet<Condition>;
  onConditions: (hidden: ReadonlySet<Condition>) => void;
  lots: ReadonlySet<LotState>;
  onLots: (hidden: ReadonlySet<LotState>) => void;
}

function toggled<T>(set: ReadonlySet<T>, value: T): Set<T> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}

function countBy<T extends string>(values: Iterable<T>): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

export function Legend({ page, conditions, onConditions, lots, onLots }: Props) {
  useStore(page.store, ["truck", "assignment", "lot"], 1000);
  const [open, setOpen] = useState(() => matchMedia("(min-width: 900px)").matches);
  const active = activeByTruck(page.store.tables.assignment.values());
  const trucks = page.store.all("truck");
  const truckCounts = countBy(trucks.map((truck) => conditionOf(truck, active.get(truck.truck_id))));
  const lotCounts = countBy(page.store.all("lot").map(lotState));
  const nowMs = page.clock.nowMs();
  const stale = trucks.filter((truck) => isStale(truck, nowMs)).length;
  return (
    <section class={`legend ${open ? "open" : ""}`} aria-label={t("legend.title")}>
      <button type="button" class="legend-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("legend.title")}
        <span aria-hidden="true">{open ? "▾" : "▴"}</span>
      </button>
      {open && (
        <>
          <h3>{t("legend.trucks", { n: trucks.length })}</h3>
          <div class="legend-keys">
            {CONDITIONS.map((each) => (
              <Switch
                key={each}
                name={t(`condition.${each}`)}
                count={truckCounts[each] ?? 0}
                colour={CONDITION_COLOUR[each]}
                shape="round"
                shown={!conditions.has(each)}
                onToggle={() => onConditions(toggled(conditions, each))}
              />
            ))}
          </div>
          <p class="legend-stale">
            <span class="swatch stale" aria-hidden="true" />
            {t("legend.stale", { n: stale })}
          </p>
          <h3>{t("legend.lots", { n: page.store.tables.lot.size })}</h3>
          <div class="legend-keys">
            {LOT_STATES.map((each) => (
              <Switch
                key={each}
                name={t(`lot_state.${each}`)}
                count={lotCounts[each] ?? 0}
                colour={LOT_COLOUR[each]}
                shape="bag"
                shown={!lots.has(each)}
                onToggle={() => onLots(toggled(lots, each))}
              />
            ))}
          </div>
          <ul class="legend-lines small">
            <li>
              <span class="line corridor" aria-hidden="true" />
              {t("legend.corridor")}
            </li>
            <li>
              <span class="line closure" aria-hidden="true" />
              {t("legend.closure")}
            </li>
          </ul>
        </>
      )}
    </section>
  );
}

interface SwitchProps {
  name: string;
  count: number;
  colour: string;
  shape: "round" | "bag";
  shown: boolean;
  onToggle: () => void;
}

function Switch({ name, count, colour, shape, shown, onToggle }: SwitchProps) {
  return (
    <button type="button" class="legend-key" aria-pressed={shown} onClick={onToggle}>
      <span class={`swatch ${shape}`} style={{ background: colour }} aria-hidden="true" />
      {name}
      <span class="num count">{count}</span>
    </button>
  );
}
