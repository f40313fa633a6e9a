/** Flags of an instance with which nothing is wrong. */
export const shop = {
  stack: "dev",
  team: "shop",
  owner: "shop@example.com",
  description: "Recommendations in the shop",
  "cost-center": "ml-1700",
};

/** The flags less some, which the stack does not ask for or which a test leaves out. */
export const without = (
  values: Record<string, string>,
  ...names: string[]
): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
