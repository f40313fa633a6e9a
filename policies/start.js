// The engine loads a pack's entry with ts-node, type check and all, if it ends in .ts; below this line Node's own type stripping takes over.
import { servePack } from "./index.ts";
servePack();
