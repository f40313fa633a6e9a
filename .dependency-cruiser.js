// Which part of the house may import which. `npm run check` refuses every other import, and every
// circle.

/** The program's floors: each may import those before it. */
const floors = ["values", "platforms", "environment", "instance", "preflight", "realize"].map(
  (floor) => `program/${floor}`,
);
const upTo = (floor) => floors.slice(0, floors.indexOf(`program/${floor}`) + 1);

/** The groups of verbs. */
const verbs = ["instances", "environments", "changes", "maintenance"].map(
  (group) => `cli/${group}`,
);

/** A part, and the other parts that it may import. */
const mayImport = {
  components: [],
  // They judge programs of anybody, so they know resources and labels only.
  policies: [],
  ...Object.fromEntries(floors.map((floor, at) => [floor, ["components", ...floors.slice(0, at)]])),
  // A file is checked against the bounds of the rules, which have them in one place.
  "program/instance": ["components", "policies", ...upTo("instance").slice(0, -1)],
  program: ["components", ...floors],

  // Commands: none loads a provider, so that they start fast. Verbs of one group import no other
  // group; what two of them need is in `cli` itself, or in `cli/job`, which runs a Job of an
  // instance.
  cli: ["components", ...upTo("instance")],
  "cli/instances": ["cli", "components", "policies", ...upTo("instance")],
  "cli/environments": ["cli", "components", "policies", ...upTo("instance")],
  "cli/job": ["cli", "components", ...upTo("preflight")],
  "cli/changes": ["cli", "cli/job", "components", "policies", ...upTo("preflight")],
  "cli/maintenance": ["cli", "cli/job", "components", ...upTo("preflight")],
  "cli/main": ["cli", "cli/completion", ...verbs],
  "cli/completion": ["cli"],

  // Beside the product; nothing of the product imports them.
  local: ["components", "cli/changes"],
  examples: ["components"],
};

/** The files of a part; by default those of its folder. */
const files = {
  program: "^program/[^/]+$",
  // What is typed is read in one place, which knows all verbs.
  "cli/main": "^cli/(main|program|verbs)[.]ts$",
  cli: "^cli/(?!(main|program|verbs)[.]ts)[^/]+$",
};
const inside = (part) => files[part] ?? `^${part}/`;
const parts = new Set([
  ...Object.keys(mayImport).map((part) => part.split("/")[0]),
  "bench",
  "release",
  "test",
]);
const ofTheHouse = `^(${[...parts].join("|")})/`;

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(mayImport).map(([part, others]) => ({
      name: `${part}-imports`,
      severity: "error",
      from: { path: inside(part) },
      to: { path: ofTheHouse, pathNot: [part, ...others].map(inside) },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    includeOnly: { path: ofTheHouse },
    exclude: { path: "^test/fixtures/|node_modules" },
    // Imports of types count: they bind the reader, too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
