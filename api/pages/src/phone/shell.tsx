// Frame a phone page: head with time and connection, and what to say while nothing is live.

import type { ComponentChildren } from "preact";
import { Gate, LanguageSwitch, LogOut, StackTime } from "../ui/parts";
import { type Page, usePage } from "../ui/state";
import { t } from "../words";

interface Props {
  page: Page;
  title: string;
  under: ComponentChildren;
  offline: string;
  children: ComponentChildren;
}

export function Shell({ page, title, under, offline, children }: Props) {
  usePage(page);
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
  const away = page.connection === "retrying" || page.connection === "failed";
  return (
    <div class="phone">
      <header class="phone-head">
        <div class="phone-title">
          <h1>{title}</h1>
          <div class="phone-under">{under}</div>
        </div>
        <span class="head-buttons">
          <LanguageSwitch />
          <LogOut />
        </span>
        <StackTime page={page} />
      </header>
      {away && (
        <p class="banner" role="alert" data-testid="offline">
          {offline}
        </p>
      )}
      <main class="phone-body">
        {page.connection === "loading" ? <p class="empty muted">{t("app.loading")}</p> : children}
      </main>
    </div>
  );
}

/** Choose whose page to look at, for roles that see all of them. */
export function Chooser(props: {
  name: string;
  choices: { id: string; name: string }[];
  chosen: string;
  onChoose: (id: string) => void;
}) {
  return (
    <label class="field">
      <span>{props.name}</span>
      <select value={props.chosen} onChange={(e) => props.onChoose(e.currentTarget.value)}>
        <option value="">–</option>
        {props.choices.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
    </label>
  );
}
