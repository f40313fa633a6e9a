import { expect, test } from "vitest";
import { rowsIn, withUses } from "../../../cli/changes/tokens/rows.ts";
import { textOf } from "../../../cli/changes/tokens.ts";

const token = (expires: string, more: object = {}) => ({ role: "edit", expires, ...more });
const outputs = {
  instances: {
    shop: {
      tokens: {
        ci: token("2027-05-21", {
          generation: 3,
          created: "2026-11-20",
          previousValidUntil: "2026-12-01",
        }),
        old: token("2026-11-21"),
      },
    },
    cart: {
      tokens: {
        soon: token("2026-12-06", { generation: 1, created: "", previousValidUntil: "2026-11-21" }),
        later: token("2026-12-07"),
      },
    },
    empty: { tokens: {} },
  },
  tokens: "[secret]",
};

test("tokens are listed by their end, with what has to be done", () => {
  expect(textOf(rowsIn(outputs, "2026-11-22")))
    .toBe(`instance  token  role  generation  made        ends
shop      old    edit  1           -           2026-11-21  is over
cart      soon   edit  1           -           2026-12-06  ends soon
cart      later  edit  1           -           2026-12-07
shop      ci     edit  3           2026-11-20  2027-05-21  value 2 works until 2026-12-01
`);
});

test("a stack without instances has none", () => {
  expect(textOf(rowsIn({}, "2026-11-22"))).toBe("No token is declared.\n");
});

const recorded = {
  since: "2026-08-20T10:00:00Z",
  byCaller: new Map([
    ["ci/3", "2026-11-22T08:14:00Z"],
    ["ci/2", "2026-11-21T23:59:00Z"],
    ["old/1", "2026-08-24T01:00:00Z"],
    ["ci/1", "2026-11-22T08:15:00Z"],
  ]),
};

test("with uses: to the minute, the value before, and what nobody uses", () => {
  const shop = rowsIn(outputs, "2026-11-22").filter(({ instance }) => instance === "shop");
  expect(textOf(withUses(shop, recorded, "2026-11-22")))
    .toBe(`instance  token  role  generation  made        ends        last used
shop      old    edit  1           -           2026-11-21  2026-08-24 01:00 UTC  is over; unused for 90 days
shop      ci     edit  3           2026-11-20  2027-05-21  2026-11-22 08:14 UTC  value 2 works until 2026-12-01 and was used 2026-11-21 23:59 UTC
`);
});

const useOf = (created: string, since: string, used?: string) => {
  const rows = rowsIn(
    { instances: { shop: { tokens: { ci: token("2027-05-21", { created }) } } } },
    "2026-11-22",
  );
  const byCaller = new Map(used === undefined ? [] : [["ci/1", used]]);
  const [row] = withUses(rows, { since, byCaller }, "2026-11-22");
  return { unused: row!.use!.unused, lastUsed: row!.use!.lastUsed, text: textOf([row!]) };
};

test.each([
  // Last used 90 days ago, and 89.
  ["2026-01-01", "2026-01-01T00:00:00Z", "2026-08-24T23:59:00Z", true, "2026-08-24 23:59 UTC"],
  ["2026-01-01", "2026-01-01T00:00:00Z", "2026-08-25T00:00:00Z", false, "2026-08-25 00:00 UTC"],
  // Never used: since it was made, or since uses are recorded.
  ["2026-08-24", "2026-01-01T00:00:00Z", undefined, true, "never"],
  ["2026-08-25", "2026-01-01T00:00:00Z", undefined, false, "never"],
  ["2026-01-01", "2026-08-24T10:00:00Z", undefined, true, "not since 2026-08-24"],
  ["2026-01-01", "2026-11-01T10:00:00Z", undefined, false, "not since 2026-11-01"],
  ["", "2026-11-01T10:00:00Z", undefined, false, "not since 2026-11-01"],
])("made %s, recorded since %s, used %s", (created, since, used, unused, shown) => {
  const found = useOf(created, since, used);
  expect(found.unused).toBe(unused);
  expect(found.lastUsed).toBe(used ?? null);
  expect(found.text).toContain(`  ${shown}`);
  expect(found.text.includes("unused for 90 days")).toBe(unused);
});
