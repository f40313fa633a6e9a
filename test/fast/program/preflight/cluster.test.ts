import { describe, expect, test } from "vitest";
import { at, deploy, has, run, serveObjects } from "./existingObjects.ts";
import type { Surroundings } from "./fakes.ts";

// What is there already, and what isn't any more. That a real API server answers these questions so
// is shown in test/engine.

serveObjects();

describe("the cluster", () => {
  test.each([
    ["v1.28.15", "1.28"],
    ["v1.30.9+k3s1", "1.30"],
    ["v0.99.0", "0.99"],
  ])("that runs %s is too old: one line with found and needed", async (version, shown) => {
    has.version = version;
    expect(await run({})).toEqual([
      `The Kubernetes API server at ${at()} (platform.kubernetes): its version is ${shown}; 1.31 is the oldest that the instances work with`,
    ]);
  });

  test.each(["v1.31.0", "v1.31.4-eks-5b8d2", "v1.34.2+k3s1", "v2.0.0", "what"])(
    "that runs %s is new enough",
    async (version) => {
      has.version = version;
      expect(await run({})).toEqual([]);
    },
  );

  test("is known by its kube-system: another one is an error that names both and the way on, and says nothing of what it lacks", async () => {
    const found: string[] = [];
    const known = (surroundings: Surroundings) =>
      run({ deployed: ["shop"], found: (uid) => found.push(uid), ...surroundings });
    deploy("shop");
    expect(await known({})).toEqual([]);
    expect(await known({ cluster: "uid-1" })).toEqual([]);
    expect(found).toEqual(["uid-1", "uid-1"]);
    deploy();
    expect(await known({ cluster: "uid-0" })).toEqual([
      `The cluster at ${at()} (platform.kubernetes): it is not the one that this stack was deployed to: its namespace kube-system has the UID uid-1, the state knows uid-0. ` +
        "Choose the kubeconfig and context of that cluster. If it was rebuilt and its instances are to be made again in this one: `pulumi config set cluster uid-1`, then `npx mlflow-instances deploy <stack> --refresh`",
    ]);
    expect(found.length).toBe(2);
    expect(await known({ cluster: "uid-0", accepted: "uid-1" })).toEqual([]);
    expect(found.at(-1)).toBe("uid-1");
    expect(await known({ cluster: "uid-0", accepted: "uid-2" })).toHaveLength(1);
  });
});
