/** One parameter of an RDS parameter group. */
interface Parameter {
  name: string;
  value: string;
  /**
   * `pending-reboot` for what PostgreSQL reads only when it starts: RDS refuses `immediate` there.
   */
  applyMethod: "immediate" | "pending-reboot";
}

/** 2 GiB for each process; the smallest server has 20 GiB. */
const tempFileLimitKilobytes = 2 * 1024 * 1024;

export function parameterFamily(engineVersion: string): string {
  return `postgres${engineVersion}`;
}

/**
 * What differs from RDS' defaults, and nothing else: RDS reports a parameter that equals its
 * default in another way than it was set, and every preview would show it. Not here on purpose:
 * `statement_timeout` and `idle_in_transaction_session_timeout` (each role has its own, see
 * roleTimeLimits.ts) and `log_statement`, `log_min_duration_statement` (role passwords travel in
 * statements; Performance Insights shows slow ones without their values).
 */
export function parameters(maxConnections: number): Parameter[] {
  return [
    // A client that forgets TLS is refused. The default since PostgreSQL 15, but not in 14; as
    // pending-reboot, because that is how RDS reports the default.
    { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
    // RDS' own formula follows the memory of the class: a smaller class would take connections away
    // that instances were promised.
    { name: "max_connections", value: String(maxConnections), applyMethod: "pending-reboot" },
    // The text of a statement that fails stays out of the log: CREATE ROLE and ALTER ROLE carry
    // passwords. The error itself is logged as before.
    { name: "log_min_error_statement", value: "fatal", applyMethod: "immediate" },
    // In kB, for each process: a search that sorts what does not fit in memory must not fill the
    // disk of all instances. Roles can't set it themselves.
    { name: "temp_file_limit", value: String(tempFileLimitKilobytes), applyMethod: "immediate" },
    // A migration or a removal that waits for another session's lock is logged.
    { name: "log_lock_waits", value: "1", applyMethod: "immediate" },
  ];
}
