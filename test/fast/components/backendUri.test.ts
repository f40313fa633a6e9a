import fc from "fast-check";
import { expect, test } from "vitest";
import { backendUri, type BackendUriFacts } from "../../../components/internal/backendUri.ts";

const facts: BackendUriFacts = {
  role: "mlflow_fraud",
  password: "p",
  host: "db.example.com",
  port: 5432,
  database: "mlflow_fraud",
  sslMode: "verify-full",
  caFile: "/ca.crt",
  applicationName: "mlflow-fraud",
};

test("any password survives, whatever characters it has", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (password) => {
      const url = new URL(backendUri({ ...facts, password }));
      expect(decodeURIComponent(url.password)).toBe(password);
      expect([url.protocol, url.username, url.hostname, url.port, url.pathname]).toEqual([
        "postgresql+psycopg2:",
        "mlflow_fraud",
        "db.example.com",
        "5432",
        "/mlflow_fraud",
      ]);
    }),
  );
});

test("the CA is named exactly where the certificate is verified", () => {
  const caOf = (sslMode: BackendUriFacts["sslMode"]) =>
    new URL(backendUri({ ...facts, sslMode })).searchParams.get("sslrootcert");
  expect([caOf("verify-full"), caOf("verify-ca"), caOf("require"), caOf("disable")]).toEqual([
    "/ca.crt",
    "/ca.crt",
    null,
    null,
  ]);
});

test("an IPv6 address is put into brackets", () => {
  expect(new URL(backendUri({ ...facts, host: "fd00::5" })).hostname).toBe("[fd00::5]");
});

test("a dead database is noticed within seconds", () => {
  const query = new URL(backendUri(facts)).searchParams;
  expect([query.get("connect_timeout"), query.get("tcp_user_timeout")]).toEqual(["5", "15000"]);
});
