// Stand-in for the official plugin `pulumi-resource-random`.
import { serve } from "../shared/serve.ts";
import { randomProvider } from "./randomProvider.ts";

await serve(randomProvider);
