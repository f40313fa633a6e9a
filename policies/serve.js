// A pack's start file ends in .js: the engine would load one in .ts with ts-node, type check and
// all. From here on Node's own type stripping takes over.
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Serves one pack, or without a name all rules as one. What was compiled is kept for the next
 * preview, which starts sooner.
 */
export function serve(pack) {
  enableCompileCache(join(import.meta.dirname, "..", "node_modules", ".cache", "policies"));
  void import("./index.ts").then(({ servePack }) => {
    servePack(pack);
    // The engine ends a pack by a signal, before Node would write by itself.
    flushCompileCache();
  });
}
