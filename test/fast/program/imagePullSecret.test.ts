import { expect, test } from "vitest";
import { pullSecretProblems } from "../../../program/environment/imagePullSecret.ts";

// Kubernetes takes any JSON as registry credentials, and a wrong one is found when an image is
// pulled.

const auth = "dXNlcjpodW50ZXIy";

test("credentials are taken, and none are needed", () => {
  const text = JSON.stringify({ auths: { "registry.example.com": { auth } } });
  expect(pullSecretProblems(text)).toEqual([]);
  expect(pullSecretProblems(undefined)).toEqual([]);
});

test.each([
  ["no JSON", auth],
  ["no registry", JSON.stringify({ auths: {} })],
  [
    "a credential helper",
    JSON.stringify({ auths: { "r.example.com": {} }, credsStore: "desktop" }),
  ],
  ["the entry alone", JSON.stringify({ "registry.example.com": { auth } })],
])("%s is refused before anything is made, without the value", (_, text) => {
  const [problem, ...more] = pullSecretProblems(text);
  expect(more).toEqual([]);
  expect(problem).toMatchObject({
    path: ["imagePullSecret"],
    message: expect.stringContaining("is not a config.json of Docker"),
  });
  expect(problem?.message).not.toContain(auth);
});
