// Turn a one-time link into a session, and go on to the page of the role.

import { useEffect, useState } from "preact/hooks";
import { homeOf, openSession, Problem } from "../data/api";
import { LanguageSwitch } from "../ui/parts";
import { useLanguage } from "../ui/state";
import { t } from "../words";
import { problemSentence } from "../words/sentences";

/** The code behind the `#`, plain or as `code=…`. */
export function codeOf(hash: string): string {
  const text = hash.replace(/^#/, "");
  const named = new URLSearchParams(text).get("code");
  return (named ?? decodeURIComponent(text)).trim();
}

export function Login() {
  useLanguage();
  const [code] = useState(() => codeOf(location.hash));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    // The code must stay neither in the address line nor in the history.
    history.replaceState(null, "", location.pathname);
    if (!code) return;
    openSession(code).then(
      (session) => location.replace(session.page ?? homeOf(session.role)),
      (error: unknown) =>
        setProblem(error instanceof Problem ? error : new Problem(0, "unreachable", "", "")),
    );
  }, [attempt]);
  document.title = t("title.login");
  return (
    <div class="login">
      <div class="card">
        <p class="login-brand">
          <strong>{t("app.name")}</strong>
          <LanguageSwitch />
        </p>
        {!code && (
          <div role="alert">
            <h1>{t("login.no_code")}</h1>
            <p>{t("login.no_code_how")}</p>
          </div>
        )}
        {code && !problem && (
          <h1 role="status" aria-live="polite">
            {t("login.opening")}
          </h1>
        )}
        {problem && (
          <div role="alert" data-testid="login-problem">
            <h1>{t("login.failed")}</h1>
            <p>{problemSentence(problem)}</p>
            {problem.passing && (
              <button
                type="button"
                class="button primary"
                onClick={() => {
                  setProblem(null);
                  setAttempt(attempt + 1);
                }}
              >
                {t("login.again")}
              </button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
