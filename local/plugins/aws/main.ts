// Stand-in for the official plugin `pulumi-resource-aws`: the S3 part, on any S3 endpoint.
import { serve } from "../shared/serve.ts";
import { awsProvider } from "./awsProvider.ts";

await serve(awsProvider());
