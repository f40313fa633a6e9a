import { expect, test } from "vitest";
import { isAtAws } from "../../../../policies/model/buckets.ts";

const at = (services: Record<string, string>) =>
  isAtAws({ type: "pulumi:providers:aws", props: { endpoints: JSON.stringify([services]) } });

test.each([
  ["https://bucket.vpce-0123-abcd.s3.eu-central-1.vpce.amazonaws.com", true],
  ["https://s3.cn-north-1.amazonaws.com.cn", true],
  ["", true],
  ["https://s3.example.com", false],
  ["https://amazonaws.com.example.com", false],
  ["https://s3.example.com/.amazonaws.com", false],
])("a provider whose endpoint is %j: at AWS %s", (s3, expected) => {
  expect(at({ s3 })).toBe(expected);
});

test("a provider without endpoints is at AWS; one of several elsewhere is enough not to be", () => {
  expect(isAtAws(undefined)).toBe(true);
  expect(at({ s3: "https://s3.eu-central-1.amazonaws.com", iam: "https://127.0.0.1:5000" })).toBe(
    false,
  );
});
