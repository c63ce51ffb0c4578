// Let an officer check a pass: scan or paste it, see the verdict large, compare what it says.

import { useMemo, useState } from "preact/hooks";
import { shownPlate } from "../data/plate";
import { Facts } from "../dispatcher/detail";
import type { HeldLists } from "../passes/held";
import { tell } from "../passes/sentences";
import type { Verdict } from "../passes/verify";
import type { Page } from "../ui/state";
import { t } from "../words";
import { age, longTime } from "../words/format";
import { Scan } from "./scan";

const STEP_MS = 30_000;
const MILD = new Set(["extended", "any_corridor"]);

/** What was seen at the road; null is not compared. */
export interface Compared {
  plate: string | null;
  corridorId: string | null;
}

/** The verdict on a pass, judged anew as time passes and lists come; null without a text. */
export function useVerdict(
  page: Page,
  lists: HeldLists,
  postId: string,
  text: string,
  { plate, corridorId }: Compared,
): Verdict | null {
  const nowMs = page.clock.nowMs() || Date.now();
  const region = page.store.get("checkpoint", postId)?.region;
  return useMemo(() => {
    if (!text) return null;
    const places = region ? [postId, region] : [postId];
    return lists.judge(text, { nowS: nowMs / 1000, plate, corridorId, places });
  }, [text, plate, corridorId, postId, region, lists.revision, Math.floor(nowMs / STEP_MS)]);
}

/** The text of a code as it was pasted or scanned: line ends do not belong to it, spaces may. */
export function cleaned(text: string): string {
  return text.replace(/[\r\n\t]+/g, "").trimStart();
}

interface Props {
  page: Page;
  lists: HeldLists;
  text: string;
  verdict: Verdict | null;
  compared: Compared;
  onText: (text: string) => void;
  /** Go on with the vehicle that the pass names. */
  onOpen?: (plate: string) => void;
}

export function PassCheck({ page, lists, text, verdict, compared, onText, onOpen }: Props) {
  const [open, setOpen] = useState(false);
  const take = (found: string): void => onText(cleaned(found));
  if (!text && !open) {
    return (
      <button
        type="button"
        class="button big wide"
        data-testid="check-pass"
        onClick={() => setOpen(true)}
      >
        {t("pass.check")}
      </button>
    );
  }
  const plate = verdict?.pass?.plate;
  return (
    <section class="group pass" data-testid="pass">
      <h2>{t("pass.check")}</h2>
      {!text && <Asked onText={take} />}
      {verdict && <Told lists={lists} verdict={verdict} compared={compared} page={page} />}
      {text && (
        <div class="pass-next">
          {plate && onOpen && (
            <button type="button" class="button primary big" onClick={() => onOpen(plate)}>
              {t("pass.open", { plate: shownPlate(plate) })}
            </button>
          )}
          <button
            type="button"
            class="button big"
            onClick={() => {
              setOpen(true);
              onText("");
            }}
          >
            {t("pass.again")}
          </button>
        </div>
      )}
      <Ages lists={lists} page={page} />
    </section>
  );
}

function Asked({ onText }: { onText: (text: string) => void }) {
  const [typed, setTyped] = useState("");
  return (
    <>
      <Scan onText={onText} />
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault();
          onText(typed);
        }}
      >
        <label class="field">
          <span>{t("pass.text")}</span>
          <textarea
            data-testid="pass-text"
            rows={3}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button primary big" disabled={!cleaned(typed)}>
          {t("pass.judge")}
        </button>
      </form>
    </>
  );
}

interface ToldProps {
  page: Page;
  lists: HeldLists;
  verdict: Verdict;
  compared: Compared;
}

function Told({ page, lists, verdict, compared }: ToldProps) {
  const { pass, code } = verdict;
  // Nobody's signature can be judged without keys: that is no fault of the pass.
  const state = code === "valid" ? "good" : lists.isReady || code === "malformed" ? "bad" : "unsure";
  const fits = (is: boolean): string => (is ? ` ✔ ${t("pass.fits")}` : "");
  const corridor = pass && page.store.get("corridor", pass.corridorId)?.name;
  return (
    <>
      <div
        class={`verdict ${state}`}
        role="status"
        data-testid="verdict"
        data-verdict={state}
        data-code={code}
      >
        <span class="verdict-sign" aria-hidden="true">
          {{ good: "✔", bad: "✘", unsure: "?" }[state]}
        </span>
        <strong>{t(`pass.${state}`)}</strong>
        {state === "unsure" ? (
          <p>{t("pass.no_keys")}</p>
        ) : (
          verdict.reasons.map((reason) => <p key={reason.code}>{tell(reason)}</p>)
        )}
      </div>
      {verdict.notices.map((notice) => (
        <p key={notice.code} class={`note ${MILD.has(notice.code) ? "" : "warn"}`}>
          {tell(notice)}
        </p>
      ))}
      {pass && (
        <>
          <p class="plate">{shownPlate(pass.plate)}</p>
          <Facts
            facts={[
              [
                t("pass.plate"),
                `${pass.plate}${fits(compared.plate !== null && !has(verdict, "wrong_vehicle"))}`,
              ],
              [
                t("pass.corridor"),
                `${corridor ? `${corridor} · ` : ""}${pass.corridorId}${fits(compared.corridorId === pass.corridorId)}`,
              ],
              [t("pass.from"), longTime(new Date(pass.validFromS * 1000))],
              [t("pass.until"), longTime(new Date(verdict.validUntilS! * 1000))],
              [t("pass.permits"), pass.permits.join(", ") || "–"],
              [t("pass.issuer"), pass.issuer],
              [t("pass.id"), pass.passId],
            ]}
          />
        </>
      )}
    </>
  );
}

function has(verdict: Verdict, code: string): boolean {
  return verdict.reasons.some((reason) => reason.code === code);
}

/** How old everything is that the verdict goes by. */
function Ages({ lists, page }: { lists: HeldLists; page: Page }) {
  const nowMs = page.clock.nowMs() || Date.now();
  const many = lists.issuers.length > 1;
  const named = (list: string, issuer: string): string =>
    many ? t("pass.of_issuer", { list, issuer }) : list;
  const signed = (atMs: number | null): string =>
    atMs === null ? t("age.never") : t("pass.signed", { age: age(atMs, nowMs) });
  return (
    <div class="ages" data-testid="ages">
      <h3>{t("pass.lists")}</h3>
      <Facts
        facts={[
          [t("pass.asked"), lists.atMs ? age(lists.atMs, Date.now()) : t("age.never")],
          ...lists.issuers.flatMap(({ issuer, revocationsMs, bulletinMs }): [string, string][] => [
            [named(t("pass.revocations"), issuer), signed(revocationsMs)],
            [named(t("pass.bulletin"), issuer), signed(bulletinMs)],
          ]),
        ]}
      />
    </div>
  );
}
