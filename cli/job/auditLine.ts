import type { MaintenanceEvent } from "./events.ts";
import { amount, plain } from "./terminalText.ts";

type AuditEvent = Extract<MaintenanceEvent, { event: "audit" }>;

/** A row of the audit as one line: when, who, what, how it ended, and about which things. */
export function auditLine(event: AuditEvent): string {
  const { at, caller, action, route, status, refusal, object, method, path, source, count } = event;
  const about = Object.entries(object).map(([name, value]) => `${plain(name)}=${valueOf(value)}`);
  const columns = [
    second(at),
    plain(caller ?? "-").padEnd(20),
    plain(action).padEnd(8),
    plain(route).padEnd(10),
    status === 0 ? "-  " : String(status).padEnd(3),
    ...(refusal ? [plain(refusal)] : []),
    about.length > 0 ? about.join(" ") : `${plain(method)} ${plain(path)}`,
    ...(source === "" ? [] : [`from ${plain(source)}`]),
    ...(count === 1 ? [] : [`${amount(count)} times`]),
  ];
  return columns.join("  ").trimEnd();
}

const valueOf = (value: unknown): string =>
  plain(Array.isArray(value) ? value.map(String).join(",") : String(value));

/** `2026-11-30 12:00:05`, UTC; what is no time is shown as it is. */
function second(at: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(at);
  return found === null ? plain(at) : `${found[1]} ${found[2]}`;
}
