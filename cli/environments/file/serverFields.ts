import { listOf, type Answers, type Field } from "../../form.ts";
import { isName, number, onExisting, truth, yesOrNo } from "./words.ts";

// A PostgreSQL server that exists: the only one of kind existing, and a choice on AWS.
const isGiven = (answers: Answers): boolean =>
  onExisting(answers) || answers["database"] === "given";

const field = (flag: string, question: string, key: string, more: Partial<Field> = {}): Field => ({
  flag,
  question,
  path: (_, answers) => [
    "platform",
    ...(onExisting(answers) ? ["postgresql"] : ["database", "given"]),
    key,
  ],
  applies: isGiven,
  ...more,
});

export const serverFields: readonly Field[] = [
  field("--database-host <host>", "Host of the PostgreSQL server, as the pods reach it", "host"),
  field("--database-port <port>", "Its port", "port", { value: number, fallback: () => "5432" }),
  field(
    "--database-admin <user>",
    "Login there that may create databases and roles (its password is set by command)",
    "adminUser",
  ),
  field("--database-ssl-mode <mode>", "libpq's sslmode", "sslMode", {
    choices: () => ["verify-full", "verify-ca", "require", "disable"],
    fallback: () => "verify-full",
  }),
  // Managed servers give no superuser, and none is needed.
  field("--database-superuser <boolean>", "Whether that login is a superuser", "superuser", {
    choices: () => yesOrNo,
    value: truth,
    fallback: () => "false",
  }),
  field("--max-connections <count>", "max_connections of the server", "maxConnections", {
    value: number,
  }),
  {
    flag: "--database-cidrs <ranges>",
    question: "Addresses of the server, such as 10.20.0.0/24: network policies open no names",
    path: ["platform", "network", "databaseCidrs"],
    value: listOf,
    applies: (answers) => isGiven(answers) && isName(answers["database-host"]),
  },
];
