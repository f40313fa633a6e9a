import type { Context } from "../rule.ts";

/** What `check` finds in each item; one that a preview can't know hides no other. */
export function* inEach<Item, Found>(
  items: Iterable<Item>,
  context: Pick<Context<unknown>, "known">,
  check: (item: Item) => Iterable<Found>,
): Generator<Found> {
  for (const item of items) {
    const found: Found[] = [];
    // What was found before the unknown stays found.
    context.known(() => {
      for (const one of check(item)) found.push(one);
    });
    yield* found;
  }
}
