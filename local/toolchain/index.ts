export { prepare } from "./prepare.ts";
export { ensureGoTool, goToolFolder } from "./goTool.ts";
export { ensurePulumi as preparePulumi, type PulumiTools } from "./pulumi.ts";
export { ensurePythonClient } from "./pythonClient.ts";
