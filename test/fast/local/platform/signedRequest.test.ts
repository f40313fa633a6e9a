import { expect, test } from "vitest";
import { signedHeaders } from "../../../../local/platform/signedRequest.ts";

const request = {
  method: "GET",
  url: "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2",
  body: "",
  region: "us-east-1",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

test("the signature is the one of the example in Amazon's documentation (list objects)", () => {
  const { authorization } = signedHeaders(request, new Date("2013-05-24T00:00:00Z"));
  expect(authorization).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, " +
      "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  );
});

test("the secret is in no header", () => {
  expect(JSON.stringify(signedHeaders(request, new Date()))).not.toContain(request.secretAccessKey);
});
