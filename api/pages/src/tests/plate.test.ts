import { expect, test } from "vitest";
import { findByPlate, isPlate, normalPlate, shownPlate } from "../data/plate";

const fleet = ["68C-123.45", "68C-123.46", "69C-512.34", "65H-1234", null].map((plate) => ({ plate }));

test("a plate is the same however it is typed", () => {
  for (const typed of ["68C-123.45", "68c 12345", " 68C12345 ", "68-c-123-45"])
    expect(normalPlate(typed)).toBe("68C12345");
  expect(normalPlate("68LĐ-123.45")).toBe("68LD12345");
});

test("a plate is shown as it stands on the vehicle", () => {
  expect(shownPlate("68c12345")).toBe("68C-123.45");
  expect(shownPlate("65h1234")).toBe("65H-1234");
  expect(shownPlate("qn-55 12")).toBe("QN-55 12");
});

test("an exact plate comes first, then those that end with what was typed", () => {
  expect(findByPlate(fleet, "68C12345")[0]?.plate).toBe("68C-123.45");
  expect(findByPlate(fleet, "1234").map((each) => each.plate)).toEqual([
    "65H-1234",
    "69C-512.34",
    "68C-123.45",
    "68C-123.46",
  ]);
});

test("one letter finds nothing, and fewer than three are no plate", () => {
  expect(findByPlate(fleet, "6")).toEqual([]);
  expect(isPlate("6-8")).toBe(false);
  expect(isPlate("68C")).toBe(true);
});
