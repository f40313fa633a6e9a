// Where the engine enters the package (package.json "main"). Not index.ts: Pulumi's plugin runner
// sends a required .ts file through ts-node, while Node loads the modules behind this one itself
// and only strips their types.
export * from "./index.ts";
