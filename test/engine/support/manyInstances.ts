import { soon } from "../../support/dates.ts";

const subjects = ["card", "claim", "demand", "energy", "freight"];
const tasks = ["counter", "detector", "planner", "ranker"];

/** Names of twenty instances. */
export const manyNames = subjects.flatMap((subject) => tasks.map((task) => `${subject}-${task}`));

/** As small as an instance may be: twenty of them on two processors and one PostgreSQL server. */
export const smallInstance = (description: string): string => `
team: shop
owner: shop@example.com
description: ${description}
tier: sandbox
workers: 1
databaseConnections: 16
cpu: 20m
tokens:
  ci: { role: edit, expires: ${soon} }
`;
