import { Refusal } from "../../refusal.ts";
import type { Forge, ForgeOptions, Variables } from "./forge.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";

/** The forge that this job runs on, by the variables that it sets. */
export function openForge(env: Variables, options: ForgeOptions = {}): Forge {
  if (env["CI_API_V4_URL"]) return gitlab(env, options);
  if (env["GITHUB_API_URL"]) return github(env, options);
  throw new Refusal(
    "Neither GITHUB_API_URL nor CI_API_V4_URL is set: a job of GitHub Actions or of GitLab CI has one of them.",
  );
}
