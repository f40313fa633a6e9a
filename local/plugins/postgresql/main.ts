// Stand-in for the official plugin `pulumi-resource-postgresql`.
import { serve } from "../shared/serve.ts";
import { postgresqlProvider } from "./postgresqlProvider.ts";

await serve(postgresqlProvider());
