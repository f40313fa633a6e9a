// Entry of the stand-in for the official Node language host (`pulumi-language-nodejs`).
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { endWithEngine, listen, positional } from "../shared/serve.ts";
import { endChildren } from "./children.ts";
import { languageService } from "./languageService.ts";

const engineAddress = positional(process.argv.slice(2))[0] ?? "";
const running = await listen(
  languageServices.LanguageRuntimeService,
  languageService(engineAddress),
);
endWithEngine(endChildren);
process.stdout.write(`${running.port}\n`);
