export { prepare } from "./prepare.ts";
export { ensureGoTool } from "./goTool.ts";
export { ensurePulumi as preparePulumi, type PulumiTools } from "./pulumi.ts";
