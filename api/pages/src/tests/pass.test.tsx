import { renderToString } from "preact-render-to-string";
import { beforeEach, expect, test } from "vitest";
import vectors from "../../../../tests/passes/vectors.json";
import { HeldLists } from "../passes/held";
import type { TrustDoc } from "../passes/keys";
import { type Compared, PassCheck, useVerdict } from "../phone/pass";
import { clearanceOf, plateOf } from "../phone/vehicle";
import { Page } from "../ui/state";
import { setLanguage } from "../words";

const good = vectors.passes.find((each) => each.name === "good_ES256")!.text;
const forged = vectors.passes.find((each) => each.code === "bad_signature")!.text;
const SEEN = { plate: "68C-123.45", corridorId: "tac-cau--cai-cui" };

function lists(): HeldLists {
  const held = new HeldLists();
  const keys = (vectors.trust as TrustDoc).keys;
  held.take({ keys, revocations: vectors.revocations.none, bulletin: vectors.bulletins.none }, 1);
  return held;
}

function shown(text: string, compared: Compared = SEEN, held = lists(), onOpen?: () => void): string {
  const page = new Page([]);
  const now = "2021-08-21T00:00:00Z";
  page.clock.update({ mode: "scenario", now, speed: 0, held: true, scenario: "x" });
  function Screen() {
    const verdict = useVerdict(page, held, "cp-rach-soi", text, compared);
    return (
      <PassCheck
        page={page}
        lists={held}
        text={text}
        verdict={verdict}
        compared={compared}
        onText={() => undefined}
        {...(onOpen && { onOpen })}
      />
    );
  }
  return renderToString(<Screen />);
}

beforeEach(() => setLanguage("vi"));

test("before a pass there is one button", () => {
  expect(shown("")).toMatch(/^<button[^>]*data-testid="check-pass"[^>]*>Kiểm tra giấy đi đường</);
});

test("a good pass is green with a sign, and says what to compare and how old the lists are", () => {
  const html = shown(good);
  expect(html).toContain('class="verdict good"');
  expect(html).toContain("✔");
  expect(html).toContain("HỢP LỆ");
  expect(html).not.toContain("KHÔNG HỢP LỆ");
  expect(html).toContain("68C-123.45 ✔ khớp");
  expect(html).toContain("tac-cau--cai-cui ✔ khớp");
  expect(html).toContain("MFRGGZDFMZTWQ2LK");
  expect(html).toContain("Danh sách thu hồi (so-gtvt-kien-giang)</dt><dd>ký 24 giờ trước");
  expect(html).not.toContain("note warn");
});

test("where no vehicle was looked up the officer is asked to compare, and may go on to it", () => {
  const html = shown(good, { plate: null, corridorId: null }, lists(), () => undefined);
  expect(html).toContain("Hãy so biển số trên xe với 68C-123.45.");
  expect(html).toContain("Hãy so cung đường với tac-cau--cai-cui.");
  expect(html).not.toContain("khớp");
  expect(html).toContain("Mở xe 68C-123.45");
});

test("a forged pass is red and shows nothing of itself", () => {
  const html = shown(forged, { plate: null, corridorId: null }, lists(), () => undefined);
  expect(html).toContain('class="verdict bad"');
  expect(html).toContain("✘");
  expect(html).toContain("KHÔNG HỢP LỆ");
  expect(html).toContain("Chữ ký không đúng");
  expect(html).not.toContain("68C");
  expect(html).not.toContain("Mở xe");
});

test("another vehicle's pass is red and names both plates", () => {
  const html = shown(good, { ...SEEN, plate: "68C-999.99" });
  expect(html).toContain('data-code="wrong_vehicle"');
  expect(html).toContain("Giấy cấp cho xe 68C-123.45, không phải xe 68C-999.99.");
});

test("without keys it is neither green nor red", () => {
  const html = shown(good, SEEN, new HeldLists());
  expect(html).toContain('class="verdict unsure"');
  expect(html).toContain("CHƯA KIỂM TRA ĐƯỢC");
});

test("no text of a pass at all is red even without keys", () => {
  expect(shown("68C-123.45", SEEN, new HeldLists())).toContain('data-code="malformed"');
});

test("a decision names the pass where it was checked and holds, and only there", () => {
  const seen = { truckId: null, plate: "68C-123.45" };
  const nowS = Date.parse("2021-08-21T00:00:00Z") / 1000;
  const body = (text: string | null, plate = seen.plate): Record<string, unknown> => {
    const verdict = text === null ? null : lists().judge(text, { nowS, plate });
    return clearanceOf("cleared", seen, { people: 1, reason: "", verdict, atMs: nowS * 1000 });
  };
  expect(body(good)).toEqual({
    decision: "cleared",
    plate: "68C-123.45",
    people_count: 1,
    pass_id: "MFRGGZDFMZTWQ2LK",
    time: "2021-08-21T00:00:00.000Z",
  });
  for (const other of [body(null), body(forged), body(good, "68C-999.99")])
    expect(other).not.toHaveProperty("pass_id");
});

test("a truck whose plate nobody knows is compared by the officer, not by its id", () => {
  const page = new Page([]);
  expect(plateOf(page, { truckId: "T1", plate: "T1" })).toBeNull();
  expect(plateOf(page, { truckId: null, plate: "68C-123.45" })).toBe("68C-123.45");
});

test("in English all of it is English", () => {
  setLanguage("en");
  expect(shown(good)).toContain("VALID");
  expect(shown(good)).toContain("The pass holds until 07:00 on 27 Aug 2021.");
});
