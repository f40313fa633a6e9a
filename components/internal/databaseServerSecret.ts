/** ARN of the secret that RDS keeps for the master user. */
export function masterSecretOf(secrets: readonly { secretArn: string }[]): string {
  const [secret] = secrets;
  if (secret === undefined)
    throw new Error(
      "the database server has no managed master secret yet; give it one by `aws rds modify-db-instance --manage-master-user-password`",
    );
  return secret.secretArn;
}

/** The password in what RDS writes into that secret: JSON with user name and password. */
export function passwordOf(secretString: string): string {
  try {
    const { password } = JSON.parse(secretString) as { password?: unknown };
    if (typeof password === "string" && password !== "") return password;
  } catch {
    // The message of the parser would quote the secret.
  }
  throw new Error(
    "the master secret of the database server is not what RDS writes: JSON with a password",
  );
}
