// Let somebody in by a one-time link or a name and password, and on to the page of the role.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getWays, homeOf, logIn, openSession, Problem, PROVIDER, setPassword } from "../data/api";
import type { Session } from "../data/types";
import { LanguageSwitch } from "../ui/parts";
import { useLanguage } from "../ui/state";
import { t } from "../words";
import { problemSentence } from "../words/sentences";

/** The shortest password that is taken, in characters. */
const SHORTEST = 12;

type Step = "opening" | "name" | "password";

/** The code behind the `#`, plain or as `code=…`. */
export function codeOf(hash: string): string {
  const text = hash.replace(/^#/, "");
  const named = new URLSearchParams(text).get("code");
  return (named ?? decodeURIComponent(text)).trim();
}

export function Login() {
  useLanguage();
  const [code] = useState(() => codeOf(location.hash));
  const [step, setStep] = useState<Step>(code ? "opening" : "name");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);

  const run = (asked: Promise<Session>): void => {
    setBusy(true);
    setProblem(null);
    asked.then(
      (session) => {
        if (session.must_change_password) setStep("password");
        else location.replace(session.page ?? homeOf(session.role));
      },
      (error: unknown) =>
        setProblem(error instanceof Problem ? error : new Problem(0, "unreachable", "", "")),
    ).finally(() => setBusy(false));
  };
  useEffect(() => {
    // The code must stay neither in the address line nor in the history.
    history.replaceState(null, "", location.pathname);
    if (code) run(openSession(code));
  }, []);
  document.title = t("title.login");
  return (
    <div class="login">
      <div class="card">
        <p class="login-brand">
          <strong>{t("app.name")}</strong>
          <LanguageSwitch />
        </p>
        {step === "opening" && !problem && (
          <h1 role="status" aria-live="polite">
            {t("login.opening")}
          </h1>
        )}
        {problem && (
          <div role="alert" data-testid="login-problem">
            {step === "opening" && <h1>{t("login.failed")}</h1>}
            <p>{problemSentence(problem)}</p>
          </div>
        )}
        {step === "opening" && problem && (
          <>
            {problem.passing && (
              <button type="button" class="button primary" onClick={() => run(openSession(code))}>
                {t("login.again")}
              </button>
            )}
            <button type="button" class="button" onClick={() => setStep("name")}>
              {t("login.by_name")}
            </button>
          </>
        )}
        {step === "name" && (
          <NameForm isBusy={isBusy} onSend={(name, password) => run(logIn(name, password))} />
        )}
        {step === "password" && (
          <PasswordForm isBusy={isBusy} onSend={(password) => run(setPassword(password))} />
        )}
      </div>
    </div>
  );
}

function NameForm(props: { isBusy: boolean; onSend: (name: string, password: string) => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [hasProvider, setProvider] = useState(false);
  useEffect(() => {
    getWays().then(
      (ways) => setProvider(ways.provider),
      () => undefined, // name and password are there in any case
    );
  }, []);
  return (
    <>
      <Form
        title={t("login.enter")}
        button={t("login.enter")}
        isReady={name.trim() !== "" && password !== "" && !props.isBusy}
        onSend={() => props.onSend(name.trim(), password)}
      >
        <label class="field">
          <span>{t("login.name")}</span>
          <input
            value={name}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            data-testid="login-name"
            onInput={(e) => setName(e.currentTarget.value)}
          />
        </label>
        <Secret
          name={t("login.password")}
          value={password}
          autocomplete="current-password"
          testId="login-password"
          onInput={setPassword}
        />
      </Form>
      {hasProvider && (
        <a class="button wide" href={PROVIDER}>
          {t("login.by_provider")}
        </a>
      )}
      <p class="muted">{t("login.or_link")}</p>
    </>
  );
}

function PasswordForm(props: { isBusy: boolean; onSend: (password: string) => void }) {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== password;
  return (
    <Form
      title={t("login.new_password")}
      button={t("login.keep_password")}
      isReady={password.length >= SHORTEST && again === password && !props.isBusy}
      onSend={() => props.onSend(password)}
    >
      <p>{t("login.new_password_how", { n: SHORTEST })}</p>
      <Secret
        name={t("login.password_new")}
        value={password}
        autocomplete="new-password"
        testId="password-new"
        onInput={setPassword}
      />
      <Secret
        name={t("login.password_again")}
        value={again}
        autocomplete="new-password"
        testId="password-again"
        onInput={setAgain}
      />
      {differs && <p role="alert">{t("login.differs")}</p>}
    </Form>
  );
}

function Form(props: {
  title: string;
  button: string;
  isReady: boolean;
  onSend: () => void;
  children: ComponentChildren;
}) {
  return (
    <form
      class="login-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (props.isReady) props.onSend();
      }}
    >
      <h1>{props.title}</h1>
      {props.children}
      <button type="submit" class="button primary wide" disabled={!props.isReady}>
        {props.button}
      </button>
    </form>
  );
}

function Secret(props: {
  name: string;
  value: string;
  autocomplete: string;
  testId: string;
  onInput: (value: string) => void;
}) {
  return (
    <label class="field">
      <span>{props.name}</span>
      <input
        type="password"
        value={props.value}
        autocomplete={props.autocomplete}
        data-testid={props.testId}
        onInput={(e) => props.onInput(e.currentTarget.value)}
      />
    </label>
  );
}
