// Show a checkpoint's queue, and which trucks it has to expect in the next two hours.

import { useEffect, useState } from "preact/hooks";
import { getArrivals } from "../data/api";
import { shownPlate } from "../data/plate";
import type { Arrivals, CheckpointQueue } from "../data/types";
import { t } from "../words";
import { duration, hourOf, number } from "../words/format";

const EVERY_MS = 60_000;

/** `Đang chờ 12 xe · 24 xe/giờ · chờ khoảng 25 phút`. */
export function Queue({ queue }: { queue: CheckpointQueue }) {
  const parts = [
    t("checkpoint.waiting", { n: queue.waiting }),
    t("checkpoint.rate", { n: number(queue.clearances_per_h) }),
  ];
  if (queue.dwell_s !== null) parts.push(t("checkpoint.wait", { d: duration(queue.dwell_s) }));
  return (
    <p class="muted" data-testid="queue">
      {parts.join(" · ")}
      {queue.assumed && ` (${t("checkpoint.assumed")})`}
    </p>
  );
}

/** Who is expected, asked for anew each minute; nothing where it cannot be asked. */
export function Expected({ postId }: { postId: string }) {
  const arrivals = useArrivals(postId);
  if (arrivals === null) return null;
  return (
    <section class="group">
      <h2>{t("checkpoint.expected", { n: arrivals.trucks.length })}</h2>
      {arrivals.trucks.length === 0 && <p class="muted">{t("checkpoint.nobody")}</p>}
      <ul class="decisions" data-testid="expected">
        {arrivals.trucks.map((each) => (
          <li key={`${each.assignment_id} ${each.eta}`}>
            <span class="trip-top">
              <strong>{shownPlate(each.plate ?? each.truck_id)}</strong>
              {each.status === "proposed" && <span class="chip warn">{t("checkpoint.offered")}</span>}
            </span>
            <span class="num">
              {hourOf(each.eta)}
              <span class="muted">{` (${hourOf(each.eta_low)}–${hourOf(each.eta_high)})`}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useArrivals(postId: string): Arrivals | null {
  const [arrivals, setArrivals] = useState<Arrivals | null>(null);
  useEffect(() => {
    let here = true;
    setArrivals(null);
    const ask = (): void => {
      getArrivals(postId)
        .then((told) => here && setArrivals(told))
        .catch(() => here && setArrivals(null)); // away: what would be shown is soon wrong
    };
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => {
      here = false;
      clearInterval(timer);
    };
  }, [postId]);
  return arrivals;
}
