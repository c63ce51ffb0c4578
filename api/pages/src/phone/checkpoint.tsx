// Let an officer find a vehicle by its plate and record what was decided, with or without a network.

import { useEffect, useMemo, useState } from "preact/hooks";
import { postOnce, Problem } from "../data/api";
import { type Entry, Outbox } from "../data/outbox";
import { findByPlate, isPlate, normalPlate, shownPlate } from "../data/plate";
import type { Decision, Kind, Truck } from "../data/types";
import { namesOf } from "../dispatcher/names";
import { Signpost } from "../ui/parts";
import { Page, useEvery, useLanguage, useSession, useStore } from "../ui/state";
import { maybe, t, word } from "../words";
import { age, timeOf, weight } from "../words/format";
import { problemSentence } from "../words/sentences";
import type { HeldLists } from "../passes/held";
import { Expected, Queue } from "./arrivals";
import { usePassLists } from "./lists";
import { PassCheck, useVerdict } from "./pass";
import { type Seen, Vehicle } from "./vehicle";
import { Chooser, Shell } from "./shell";

const ROLES = ["checkpoint_officer", "dispatcher", "administrator"];
const KINDS: Kind[] = ["truck", "assignment", "checkpoint", "facility", "corridor"];
const RETRY_MS = 3000;

export function CheckpointPage() {
  useLanguage();
  const signed = useSession({ offline: true });
  document.title = t("title.checkpoint");
  return (
    <Signpost signed={signed} roles={ROLES}>
      {({ role, subject }) => <Post subject={role === "checkpoint_officer" ? subject : null} />}
    </Signpost>
  );
}

/** What is kept until the server has it; tried again when the network is back. */
function useOutbox(): Outbox {
  const [, setTold] = useState(0);
  const outbox = useMemo(
    () =>
      new Outbox(
        "harvestlane.clearances",
        localStorage,
        async (entry) => {
          await postOnce(entry.path, entry.body, entry.key);
        },
        () => setTold((count) => count + 1),
      ),
    [],
  );
  useEffect(() => {
    const flush = (): void => void outbox.flush();
    flush();
    addEventListener("online", flush);
    const timer = setInterval(flush, RETRY_MS);
    return () => {
      removeEventListener("online", flush);
      clearInterval(timer);
    };
  }, [outbox]);
  return outbox;
}

function Post({ subject }: { subject: string | null }) {
  const page = useMemo(() => new Page(KINDS, true), []);
  useEffect(() => page.start(), [page]);
  useStore(page.store, KINDS, 300);
  useEvery(2000);
  const outbox = useOutbox();
  const lists = usePassLists();
  const [chosenPost, setChosenPost] = useState("");
  const [typed, setTyped] = useState("");
  const [seen, setSeen] = useState<Seen | null>(null);
  const postId = subject ?? chosenPost;
  const post = page.store.get("checkpoint", postId);
  const done = (): void => {
    setSeen(null);
    setTyped("");
  };
  return (
    <Shell
      page={page}
      title={post?.name ?? t("checkpoint.title")}
      under={post ? t("checkpoint.queue", { n: post.present.length }) : postId}
      offline={t("checkpoint.offline", { n: outbox.waiting })}
    >
      {!subject && (
        <Chooser
          name={t("checkpoint.choose")}
          choices={page.store.all("checkpoint").map((each) => ({ id: each.place_id, name: each.name }))}
          chosen={chosenPost}
          onChoose={setChosenPost}
        />
      )}
      {postId && seen && (
        <Vehicle
          page={page}
          postId={postId}
          seen={seen}
          outbox={outbox}
          lists={lists}
          onDone={done}
        />
      )}
      {postId && !seen && (
        <>
          <Search page={page} typed={typed} onType={setTyped} onPick={setSeen} />
          <Pass page={page} postId={postId} lists={lists} onPick={setSeen} />
          <Present page={page} postId={postId} onPick={setSeen} />
          <Expected postId={postId} />
          <Decisions page={page} outbox={outbox} />
        </>
      )}
    </Shell>
  );
}

interface SearchProps {
  page: Page;
  typed: string;
  onType: (text: string) => void;
  onPick: (seen: Seen) => void;
}

function Search({ page, typed, onType, onPick }: SearchProps) {
  const found = findByPlate(page.store.tables.truck.values(), typed);
  const exact = found.some((truck) => normalPlate(truck.plate ?? "") === normalPlate(typed));
  const pick = (truck: Truck): void => onPick({ truckId: truck.truck_id, plate: truck.plate ?? typed });
  return (
    <form
      class="find"
      onSubmit={(event) => {
        event.preventDefault();
        if (found.length === 1 || exact) pick(found[0]!);
      }}
    >
      <label class="field">
        <span>{t("checkpoint.find")}</span>
        <input
          class="plate-input"
          data-testid="plate"
          value={typed}
          inputMode="text"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          placeholder="68C-123.45"
          onInput={(event) => onType(event.currentTarget.value)}
        />
      </label>
      <ul class="cards" data-testid="found">
        {found.map((truck) => (
          <li key={truck.truck_id}>
            <button type="button" class="trip" onClick={() => pick(truck)}>
              <span class="trip-top">
                <strong>{shownPlate(truck.plate ?? "")}</strong>
                <span class="muted">{word("vehicle_class", truck.vehicle_class)}</span>
              </span>
            </button>
          </li>
        ))}
        {isPlate(typed, found.length > 0) && !exact && (
          <li>
            <button
              type="button"
              class="trip unknown"
              onClick={() => onPick({ truckId: null, plate: shownPlate(typed) })}
            >
              <span class="trip-top">
                <strong>{shownPlate(typed)}</strong>
                <span class="chip warn">{t("checkpoint.unregistered")}</span>
              </span>
              <span class="muted">{t("checkpoint.record_anyway")}</span>
            </button>
          </li>
        )}
      </ul>
    </form>
  );
}

interface PassProps {
  page: Page;
  postId: string;
  lists: HeldLists;
  onPick: (seen: Seen) => void;
}

const NOTHING_SEEN = { plate: null, corridorId: null };

/** Check a pass before its vehicle was looked up: the officer compares, or goes on to the vehicle. */
function Pass({ page, postId, lists, onPick }: PassProps) {
  const [text, setText] = useState("");
  const verdict = useVerdict(page, lists, postId, text, NOTHING_SEEN);
  const open = (plate: string): void => {
    const [truck] = findByPlate(page.store.tables.truck.values(), plate, 1);
    const isIt = truck && normalPlate(truck.plate ?? "") === normalPlate(plate);
    onPick({ truckId: isIt ? truck.truck_id : null, plate: shownPlate(plate), passText: text });
  };
  return (
    <PassCheck
      page={page}
      lists={lists}
      text={text}
      verdict={verdict}
      compared={NOTHING_SEEN}
      onText={setText}
      onOpen={open}
    />
  );
}

interface PresentProps {
  page: Page;
  postId: string;
  onPick: (seen: Seen) => void;
}

function Present({ page, postId, onPick }: PresentProps) {
  const post = page.store.get("checkpoint", postId);
  const present = post?.present ?? [];
  const queue = post?.queue;
  const names = namesOf(page.store);
  const nowMs = page.clock.nowMs();
  return (
    <section class="group">
      <h2>{t("checkpoint.present")}</h2>
      {queue && <Queue queue={queue} />}
      {present.length === 0 && <p class="muted">{t("checkpoint.nobody")}</p>}
      <ul class="cards">
        {present.map((each) => {
          const trip = page.store
            .all("assignment")
            .find((one) => one.truck_id === each.truck_id && one.status === "loaded");
          return (
            <li key={each.vehicle}>
              <button
                type="button"
                class="trip"
                onClick={() =>
                  onPick({
                    truckId: each.truck_id,
                    plate: each.plate ?? names.truck(each.truck_id ?? each.vehicle),
                  })
                }
              >
                <span class="trip-top">
                  <strong>{names.truck(each.truck_id ?? each.vehicle)}</strong>
                  <span class={`chip ${each.decision === "held" ? "bad" : "warn"}`}>
                    {word("decision", each.decision)}
                  </span>
                </span>
                <span class="muted">
                  {t("checkpoint.since", { age: age(Date.parse(each.since), nowMs) })}
                  {trip && ` · ${word("product", trip.product)} ${weight(trip.quantity_kg)}`}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function problemOf({ status, code, title, detail }: NonNullable<Entry["problem"]>): string {
  return problemSentence(new Problem(status, code, title, detail));
}

const ENTRY_CHIP = { waiting: "warn", sent: "good", refused: "bad" };

function Decisions({ page, outbox }: { page: Page; outbox: Outbox }) {
  const nowMs = page.clock.nowMs();
  if (outbox.entries.length === 0) return null;
  return (
    <section class="group">
      <h2>{t("checkpoint.decisions")}</h2>
      <ul class="decisions" data-testid="decisions">
        {outbox.entries.slice(0, 12).map((entry) => {
          const decision = entry.body["decision"] as Decision;
          const reason = entry.body["reason_code"];
          return (
            <li key={entry.key} data-state={entry.state} data-decision={decision}>
              <span class="trip-top">
                <strong>{shownPlate(String(entry.body["plate"] ?? ""))}</strong>
                <span class={`chip ${ENTRY_CHIP[entry.state]}`}>{t(`entry.${entry.state}`)}</span>
              </span>
              <span>
                {word("decision", decision)}
                {typeof reason === "string" && ` · ${maybe(`clearance_reason.${reason}`) ?? reason}`}
                <span class="muted num"> · {timeOf(entry.at_ms || null, nowMs)}</span>
              </span>
              {entry.problem && <span class="note bad small">{problemOf(entry.problem)}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
