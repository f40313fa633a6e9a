/** Secret config keys, each with what it is for and when it is needed. */
export const secretKeys = {
  postgresqlAdminPassword: "the password of the PostgreSQL server's adminUser",
  objectStoreSecretAccessKey: "the secret of platform.objectStore.accessKeyId",
  tlsCertificate: "the certificate that the ingress shows (tls source pem)",
  tlsPrivateKey: "the private key of that certificate (tls source pem)",
  artifactStoreKeys: "each instance's own object store key",
  imagePullSecret: "the credentials of the image's registry, a config.json of Docker",
} as const;

export type SecretKey = keyof typeof secretKeys;
