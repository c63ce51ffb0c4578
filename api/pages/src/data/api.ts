// Ask the API: reads, commands and problem documents (RFC 9457).

import type { PassLists } from "../passes/held";
import type { Arrivals, Clock, Command, Session } from "./types";

/** What the API refused, as its problem document says; status 0 where it could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title || code);
  }

  /** Whether the same request may well succeed a little later. */
  get passing(): boolean {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...init });
  } catch {
    throw new Problem(0, "unreachable", "", "");
  }
  const text = await answer.text();
  let body: unknown = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // an answer that is no JSON is told by its status alone
  }
  if (!answer.ok) {
    const problem = (body ?? {}) as { code?: string; detail?: string; title?: string };
    throw new Problem(
      answer.status,
      problem.code ?? `http_${answer.status}`,
      problem.title ?? "",
      problem.detail ?? "",
    );
  }
  return body as T;
}

/** A fresh idempotency key. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Post JSON once, under a given idempotency key. */
export function postOnce<T>(path: string, body: unknown, key: string): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept-language": document.documentElement.lang,
      "idempotency-key": key,
    },
    body: JSON.stringify(body),
  });
}

/** Post JSON; the idempotency key stays the same over a second attempt after a lost connection. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const key = randomKey();
  try {
    return await postOnce<T>(path, body, key);
  } catch (error) {
    if (!(error instanceof Problem) || !error.passing) throw error;
    await new Promise((done) => setTimeout(done, 800));
    return postOnce<T>(path, body, key);
  }
}

export const get = <T>(path: string): Promise<T> => ask<T>(path);

export const getSession = (): Promise<Session> => ask<Session>("/v1/session");

export const getClock = (): Promise<Clock> => ask<Clock>("/v1/clock");

export const getPassLists = (): Promise<PassLists> => ask<PassLists>("/v1/passes/lists");

export const getArrivals = (checkpointId: string): Promise<Arrivals> =>
  ask<Arrivals>(`/v1/checkpoints/${encodeURIComponent(checkpointId)}/arrivals`);

export const openSession = (code: string): Promise<Session> =>
  post<Session>("/v1/session", { code });

/** How one may log in here. */
export const getWays = (): Promise<{ provider: boolean }> =>
  ask<{ provider: boolean }>("/v1/session/ways");

/** Where the log-in by the provider begins. */
export const PROVIDER = "/v1/session/oidc";

/** Log in by name and password. */
export const logIn = (login: string, password: string): Promise<Session> =>
  post<Session>("/v1/session", { login, password });

/** Set the first password of who is logged in. */
export const setPassword = (password: string): Promise<Session> =>
  post<Session>("/v1/session/password", { password });

/** Take this browser's cookie back. */
export const closeSession = (): Promise<void> => ask<void>("/v1/session", { method: "DELETE" });

export type Verb =
  | "accept"
  | "decline"
  | "cancel"
  | "pin"
  | "override"
  | "loaded"
  | "delivered"
  | "problem";

/** Send a command about an assignment and wait for what dispatch says of it. */
export async function command(assignmentId: string, verb: Verb, body: object): Promise<Command> {
  const path = `/v1/assignments/${encodeURIComponent(assignmentId)}/${verb}`;
  const { command_id } = await post<{ command_id: string }>(path, body);
  for (let attempt = 0; attempt < 40; attempt += 1) {
    await new Promise((done) => setTimeout(done, attempt < 10 ? 300 : 1000));
    try {
      const found = await ask<Command>(`/v1/commands/${encodeURIComponent(command_id)}`);
      if (found.status === "done" || found.status === "refused") return found;
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 404 && !error.passing)) throw error;
    }
  }
  throw new Problem(0, "no_answer", "", "");
}

/** Where a role's own page is. */
export function homeOf(role: string): string {
  if (role === "haulier" || role === "driver") return "/haulier";
  if (role === "checkpoint_officer") return "/checkpoint";
  return "/";
}
