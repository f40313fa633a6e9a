import { PolicyPack } from "@pulumi/policy";
import { deserializeOnce } from "./sdk/deserializeOnce.ts";
import { installed, noticeOn } from "./sdk/inside.ts";
import { hearOrganization } from "./sdk/organization.ts";
import { answerQuickly } from "./sdk/quickReplies.ts";
import { isResourceRule, levelOf, type PackName } from "./rule.ts";
import { rules } from "./rules.ts";
import { toPolicy } from "./sdk/toPolicy.ts";

/** Serves one pack to the engine, or all rules as one. A process serves one pack only. */
export function servePack(pack?: PackName): void {
  const served = rules.filter((rule) => pack === undefined || rule.pack === pack);
  const notice = noticeOn(installed);
  if (notice !== undefined) console.error(notice);
  deserializeOnce();
  hearOrganization();
  answerQuickly(new Set(served.filter(isResourceRule).flatMap(({ types }) => types)));
  new PolicyPack(pack === undefined ? "mlflow-instances" : `mlflow-${pack}`, {
    description: "Rules that every environment of MLflow instances has to keep",
    policies: served.map((rule) => ({ ...toPolicy(rule), enforcementLevel: levelOf(rule) })),
  });
}
