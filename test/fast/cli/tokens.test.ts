import { expect, test } from "vitest";
import { rowsIn } from "../../../cli/changes/tokens/rows.ts";
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
