// @ts-nocheck - it reads files, and the pages have no types of Node.
// The types of the API are made of its description as it stands.

import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

const CLIENT = "../clients/typescript/schema.d.ts";

test("the types are those of docs/openapi.json; else run `make clients`", async () => {
  const description = JSON.parse(readFileSync("../../docs/openapi.json", "utf8"));
  const made = COMMENT_HEADER + astToString(await openapiTS(description));
  expect(readFileSync(CLIENT, "utf8")).toBe(made);
}, 60_000);
