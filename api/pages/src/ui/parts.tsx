// Draw the small parts that every page shares.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { closeSession, command, homeOf, Problem, type Verb } from "../data/api";
import { type Language, language, setLanguage, t, word } from "../words";
import { hourOf, dateOf } from "../words/format";
import { outcomeSentence, problemSentence } from "../words/sentences";
import { forgetSession, type Page, type Signed, useEvery, usePage } from "./state";

const LANGUAGES: Language[] = ["vi", "en"];

export function LanguageSwitch() {
  return (
    <div class="language" role="group" aria-label={t("app.language")}>
      {LANGUAGES.map((each) => (
        <button
          type="button"
          key={each}
          lang={each}
          aria-pressed={language() === each}
          title={t(`app.language.${each}`)}
          onClick={() => setLanguage(each)}
        >
          {each.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

/** A button that takes the session back; the page then says how to log in. */
export function LogOut() {
  const leave = (): void => {
    forgetSession();
    closeSession().then(
      () => location.reload(),
      () => undefined, // without a network the cookie stays, and so does the page
    );
  };
  return (
    <button type="button" class="log-out" title={t("app.logout")} aria-label={t("app.logout")} onClick={leave}>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        <path
          d="M8 3H4v14h4M8 10h9M13.5 6.5 17 10l-3.5 3.5"
          stroke="currentColor"
          stroke-width="1.8"
          stroke-linecap="round"
          stroke-linejoin="round"
          fill="none"
        />
      </svg>
    </button>
  );
}

/** The stack's time, and whether what is shown is fresh. */
export function StackTime({ page }: { page: Page }) {
  usePage(page);
  useEvery(1000);
  const nowMs = page.clock.nowMs();
  const clock = page.clock.state;
  const retrying = page.connection !== "live";
  const state = retrying ? (page.connection === "loading" ? "loading" : "retrying") : clock?.held ? "held" : "live";
  const speed = clock && clock.mode === "scenario" && clock.speed > 1 ? Math.round(clock.speed) : 0;
  return (
    <div class="stack-time">
      <span class="stack-clock num" title={t("clock.title")}>
        <strong data-testid="clock">{nowMs ? hourOf(nowMs) : "--:--"}</strong>
        <span class="stack-date">{nowMs ? dateOf(nowMs) : ""}</span>
        {speed > 1 && <span class="stack-speed">{t("clock.speed", { n: speed })}</span>}
      </span>
      <span class={`connection ${state}`} role="status" data-testid="connection" data-state={state}>
        <span class="dot" aria-hidden="true" />
        {t(`connection.${state}`)}
      </span>
    </div>
  );
}

/** What stands in place of a page that cannot be shown, with what to do. */
export function Gate({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="gate">
      <div class="card" role="alert">
        <h1>{title}</h1>
        {children}
      </div>
    </div>
  );
}

/** Show a page to the roles it is for; say to others where to go. */
export function Signpost({
  signed,
  roles,
  children,
}: {
  signed: Signed;
  roles: readonly string[];
  children: (session: { role: string; subject: string | null }) => ComponentChildren;
}) {
  if (signed.state === "asking") return <p class="gate muted">{t("app.loading")}</p>;
  if (signed.state === "away") {
    return (
      <Gate title={t("gate.away")}>
        <p>{problemSentence(signed.problem)}</p>
      </Gate>
    );
  }
  if (signed.state === "out") {
    return (
      <Gate title={t("gate.out")}>
        <p>{t("gate.out_how")}</p>
        <a class="button primary" href="/login">
          {t("gate.enter")}
        </a>
      </Gate>
    );
  }
  if (!roles.includes(signed.session.role)) {
    const home = homeOf(signed.session.role);
    return (
      <Gate title={t("gate.role", { role: word("role", signed.session.role) })}>
        {home !== location.pathname && (
          <a class="button primary" href={home}>
            {t("gate.go_home")}
          </a>
        )}
      </Gate>
    );
  }
  return <>{children(signed.session)}</>;
}

export interface Told {
  good: boolean;
  text: string;
}

/** Send commands about one assignment, one at a time, and hold what came of the last. */
export function useCommand(assignmentId: string): {
  busy: Verb | null;
  told: Told | null;
  send: (verb: Verb, body?: object) => Promise<boolean>;
} {
  const [busy, setBusy] = useState<Verb | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const send = async (verb: Verb, body: object = {}): Promise<boolean> => {
    setBusy(verb);
    setTold(null);
    try {
      const outcome = await command(assignmentId, verb, body);
      setTold({ good: outcome.status === "done", text: outcomeSentence(outcome) });
      return outcome.status === "done";
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setTold({ good: false, text: problemSentence(error) });
      return false;
    } finally {
      setBusy(null);
    }
  };
  return { busy, told, send };
}

export function Outcome({ told, busy }: { told: Told | null; busy: boolean }) {
  return (
    <div role="status" aria-live="polite" data-testid="outcome">
      {busy && <p class="note">{t("command.sending")}</p>}
      {!busy && told && <p class={`note ${told.good ? "good" : "bad"}`}>{told.text}</p>}
    </div>
  );
}
