// Stand-in for the official plugin `pulumi-resource-aws`: S3, IAM roles and STS, on any endpoint;
// of the rest what a preview needs.
import { serve } from "../shared/serve.ts";
import { awsProvider } from "./awsProvider.ts";

await serve(awsProvider(process.env["STAND_IN_VERSION"]));
