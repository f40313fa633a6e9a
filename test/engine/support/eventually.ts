import { setTimeout as sleep } from "node:timers/promises";

/** Repeats an expectation until it holds; after the limit (ms) the last failure is thrown. */
export async function eventually(limit: number, expectation: () => Promise<void>): Promise<void> {
  const end = Date.now() + limit;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(500);
    }
  }
}
