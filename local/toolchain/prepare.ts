import type { Report } from "../report.ts";
import { ensureDebianPackages, platformPackages } from "./debian.ts";
import { checkMachine, ensureGo } from "./machine.ts";

/**
 * What every later step stands on: the right machine, Go, and Debian's packages. Says all that is
 * missing before anything is changed.
 */
export async function prepare(report: Report): Promise<void> {
  checkMachine();
  await ensureGo();
  await ensureDebianPackages(platformPackages, report);
}
