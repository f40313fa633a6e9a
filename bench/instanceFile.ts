// Always ahead, and within the bounds of the policies.
const soon = new Date(Date.now() + 60 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

/** The file of an instance to measure. */
export const instanceFile = (team: string): string => `
team: ${team}
owner: ${team}@example.com
description: An instance to measure
tier: sandbox
workers: 1
deletedExperimentRetention: 30d
tokens:
  ci: { role: edit, expires: ${soon} }
  ops: { role: admin, expires: ${soon} }
`;
