/** One parameter of an RDS parameter group. */
interface Parameter {
  name: string;
  value: string;
  /** `pending-reboot` for what PostgreSQL reads only when it starts: RDS refuses `immediate` there. */
  applyMethod: "immediate" | "pending-reboot";
}

export function parameterFamily(engineVersion: string): string {
  return `postgres${engineVersion}`;
}

/**
 * What differs from RDS' defaults, and nothing else: RDS reports a parameter that equals its default in another way than it was set, and every preview would
 * show it. Not here on purpose: `idle_in_transaction_session_timeout` (the migration holds its lock in a session that waits while another one migrates) and
 * `log_statement`, `log_min_duration_statement` (role passwords travel in statements; Performance Insights shows slow ones without their values).
 */
export function parameters(maxConnections: number): Parameter[] {
  return [
    // A client that forgets TLS is refused. The default since PostgreSQL 15, but not in 14; as pending-reboot, because that is how RDS reports the default.
    { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
    // RDS' own formula follows the memory of the class: a smaller class would take connections away that instances were promised.
    { name: "max_connections", value: String(maxConnections), applyMethod: "pending-reboot" },
    // The text of a statement that fails stays out of the log: CREATE ROLE and ALTER ROLE carry passwords. The error itself is logged as before.
    { name: "log_min_error_statement", value: "fatal", applyMethod: "immediate" },
    // A migration or a removal that waits for somebody's lock says so.
    { name: "log_lock_waits", value: "1", applyMethod: "immediate" },
  ];
}
