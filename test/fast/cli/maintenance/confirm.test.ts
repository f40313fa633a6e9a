import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askForName, confirmName } from "../../../../cli/maintenance/confirm.ts";

const never = new AbortController().signal;

function terminal(typed: string | undefined, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  input.end(typed === undefined ? undefined : typed);
  const shown: string[] = [];
  const output = new PassThrough();
  output.on("data", (chunk: Buffer) => shown.push(String(chunk)));
  return { input, output, shown };
}

test("goes on with the instance's name, typed or given", async () => {
  await confirmName("shop", undefined, terminal("shop\n"), never);
  await confirmName("shop", "shop", terminal(undefined, false), never);
});

test.each(["y\n", "yes\n", "\n", "SHOP\n", "shop2\n", ""])(
  "refuses %j at the question",
  async (typed) => {
    await expect(confirmName("shop", undefined, terminal(typed), never)).rejects.toThrow(
      /not the instance's name; nothing was removed\.$/,
    );
  },
);

test("asks in words that say what is at stake", async () => {
  const asked = terminal("shop\n");
  await confirmName("shop", undefined, asked, never);
  expect(asked.shown.join("")).toContain(
    "removes every object of shop that no row points to, with no way back",
  );
});

test("refuses another name given with --confirm, without asking", async () => {
  await expect(confirmName("shop", "cart", terminal("shop\n"), never)).rejects.toThrow(
    "--confirm cart is not the instance's name, shop",
  );
});

test("refuses without a terminal and without --confirm, and says what to do", async () => {
  await expect(confirmName("shop", undefined, terminal("shop\n", false), never)).rejects.toThrow(
    "say --confirm shop. Nothing was removed.",
  );
});

test("an interruption at the question ends it", async () => {
  const interruption = new AbortController();
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const asking = confirmName(
    "shop",
    undefined,
    { input, output: new PassThrough() },
    interruption.signal,
  );
  interruption.abort();
  await expect(asking).rejects.toThrow();
});

test.each(["", "y\n", "north\n", "north depot 2\n", "North Depot\n"])(
  "another answer than the name, %j, ends a purge",
  async (typed) => {
    const words = { name: "north depot", noun: "its name", means: "This removes it." };
    await expect(askForName(words, terminal(typed), never)).rejects.toThrow(
      "That is not its name; nothing was removed.",
    );
    await askForName(words, terminal("north depot\n"), never);
  },
);
