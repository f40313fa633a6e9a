/**
 * Version of Pulumi's plugin `aws` for buckets of a store that is not Amazon's. It is the last one
 * with Terraform's provider before 6.23. Later ones read a bucket's tags through S3 Control, which
 * only Amazon has, so that creating or reading a bucket fails with `S3 Control:
 * ListTagsForResource` (hashicorp/terraform-provider-aws #45520, #46202; pulumi/pulumi-aws #6317
 * names 7.13.0 as the first with 6.23).
 */
export const objectStorePluginVersion = "7.12.0";
