import { setTimeout as sleep } from "node:timers/promises";
import type { ReadyPlatform } from "../local/commands/up.ts";
import { cluster } from "../test/engine/support/cluster.ts";

// PSS divides shared pages among the processes that map them, so that a sum over the pod's
// processes counts each page once.
const program = `
import glob, re
total = 0
for path in glob.glob("/proc/[0-9]*/smaps_rollup"):
    pid = path.split("/")[2]
    if pid == "self" or "sum-of-pss" in open(f"/proc/{pid}/cmdline").read():
        continue
    total += int(re.search(r"^Pss:\\s+(\\d+)", open(path).read(), re.M).group(1))
print(total / 1024)
`;

/** MiB of the server's pod of each instance, half a minute after the last request. */
export async function instanceMemory(
  ready: ReadyPlatform,
  instances: readonly string[],
): Promise<number[]> {
  await sleep(30_000);
  const kube = cluster(ready);
  return Promise.all(
    instances.map(async (name) =>
      Number(await kube.exec(`mlflow-${name}`, ["python3", "-c", program, "sum-of-pss"])),
    ),
  );
}
