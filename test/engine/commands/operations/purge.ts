import { describe, expect, it } from "vitest";
import { name, stack } from "../../support/parcelForecast.ts";
import { runPython } from "../../support/python.ts";
import {
  client,
  expectUnchanged,
  keys,
  of,
  stageOf,
  type,
  typeOnTerminal,
  type Ended,
} from "./scene.ts";

export function purge(): void {
  describe("purge", () => {
    const depot = "east depot";
    const ofClient = (program: string) =>
      runPython(client.python, `import mlflow\nclient = mlflow.MlflowClient()\n${program}`, client);
    const taken = `
try:
    client.create_experiment("${depot}")
except mlflow.MlflowException as error:
    print(error)
`;

    it.each<[string, () => Promise<Ended>, RegExp]>([
      [
        "what is active",
        () => type(["purge", stack, name, "experiment", depot, "--confirm", depot]),
        /is not deleted/,
      ],
      [
        "without a terminal",
        () => type(["purge", stack, name, "experiment", depot]),
        /use --confirm <its name>/,
      ],
    ])("removes nothing: %s", (_how, work, words) =>
      expectUnchanged(async () => {
        const { code, notes } = await work();
        expect({ code, notes }).toMatchObject({ code: 2, notes: expect.stringMatching(words) });
      }),
    );

    it("shows what goes, and another answer than its name ends it", async () => {
      const { output } = await ofClient(
        `client.delete_experiment("${of(depot).experiment}")\n${taken}`,
      );
      expect(output).toContain(
        `npx mlflow-instances purge <stack> <instance> experiment ${of(depot).experiment}`,
      );
      await expectUnchanged(async () => {
        const { code, output: shown } = await typeOnTerminal(
          ["purge", stack, name, "experiment", depot],
          "yes\n",
        );
        expect({ code, shown }).toMatchObject({
          code: 2,
          shown: expect.stringMatching(/That is not its name/),
        });
        expect(shown).toMatch(new RegExp(`remove +run +${of(depot).run} +1 object`));
      });
    });

    it("removes it with its rows and objects, says who asked in the report, and its name is free", async () => {
      const { code, output, notes } = await typeOnTerminal(
        ["purge", stack, name, "experiment", depot],
        `${depot}\n`,
      );
      expect({ code, notes }).toMatchObject({ code: 0 });
      expect(output).toMatch(/ removed: 1 run, 1 experiment, 1 object/);
      expect(await stageOf(depot)).toBeUndefined();
      expect(await keys(`artifacts/${of(depot).experiment}/`)).toEqual([]);
      expect((await keys("maintenance/purge/")).map((key) => key.split("/").at(-1))).toEqual(
        expect.arrayContaining(["plan-0001.jsonl", "report.json"]),
      );
      expect(
        (await ofClient(`print("free", client.create_experiment("${depot}"))`)).output,
      ).toContain("free");
    });
  });
}
