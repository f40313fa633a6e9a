import { execFile } from "node:child_process";
import { tableName } from "./render.ts";

/**
 * Gives a transaction to the kernel, of the network namespace that this process is in. All of it
 * holds, or nothing.
 */
export async function applyRules(text: string): Promise<void> {
  await nft(["-f", "-"], text);
}

export async function tableExists(): Promise<boolean> {
  return await nft(["list", "table", "inet", tableName]).then(
    () => true,
    () => false,
  );
}

function nft(args: readonly string[], input = ""): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      "nft",
      args,
      { timeout: 10_000, maxBuffer: 16 << 20 },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else
          reject(
            new Error(`nft ${args.join(" ")}: ${stderr.trim().split("\n")[0] || error.message}`),
          );
      },
    );
    // A program that ends before it has read its input shows in its exit code.
    child.stdin?.on("error", () => undefined).end(input);
  });
}
