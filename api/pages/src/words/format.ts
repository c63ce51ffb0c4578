// Write times, weights and durations for people in the delta (Asia/Ho_Chi_Minh).

import { language, t } from "./index";

const ZONE = "Asia/Ho_Chi_Minh";

const clockTime = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const dayMonth = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  day: "2-digit",
  month: "2-digit",
});
const fullDate = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
});

const monthName = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, month: "short" });
const dateParts = new Intl.DateTimeFormat("en-US", {
  timeZone: ZONE,
  day: "numeric",
  month: "numeric",
  year: "numeric",
});

type Time = string | number | null | undefined;

function moment(time: Time): Date | null {
  if (time === null || time === undefined || time === "") return null;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function hourOf(time: Time): string {
  const date = moment(time);
  return date ? clockTime.format(date) : "–";
}

export function dateOf(time: Time): string {
  const date = moment(time);
  return date ? fullDate.format(date) : "–";
}

/** `14:05`, with the day where it is another than that of `nowMs`. */
export function timeOf(time: Time, nowMs: number): string {
  const date = moment(time);
  if (!date) return "–";
  const day = dayMonth.format(date);
  const today = nowMs ? dayMonth.format(new Date(nowMs)) : day;
  return day === today ? clockTime.format(date) : `${clockTime.format(date)} ${day}`;
}

/** `07:00 ngày 27/8/2021`, as papers have it. */
export function longTime(date: Date): string {
  const [month, day, year] = dateParts.format(date).split("/");
  const m = language() === "vi" ? month! : monthName.format(date);
  return t("time.long", { h: clockTime.format(date), d: day!, m, y: year! });
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(language() === "vi" ? "vi-VN" : "en-GB", {
    maximumFractionDigits: digits,
  }).format(value);
}

export function weight(kg: number): string {
  return kg >= 1000 ? t("unit.tonnes", { n: number(kg / 1000, 1) }) : t("unit.kg", { n: number(kg) });
}

export function kilometres(metres: number): string {
  return t("unit.km", { n: number(metres / 1000, metres < 10_000 ? 1 : 0) });
}

export function duration(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  if (minutes < 60) return t("unit.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return t("unit.days", { n: Math.round(hours / 24) });
  if (minutes % 60 === 0) return t("unit.hours", { n: hours });
  return t("unit.hours_minutes", { h: hours, m: minutes % 60 });
}

/** How long ago a sign was given, by the stack's clock. */
export function age(signMs: number | null, nowMs: number): string {
  if (signMs === null) return t("age.never");
  const seconds = Math.max(0, (nowMs - signMs) / 1000);
  return seconds < 60 ? t("age.now") : t("age.ago", { d: duration(seconds) });
}
