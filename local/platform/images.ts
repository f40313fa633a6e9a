import { execa } from "execa";
import { profilePaths, type Profile } from "../paths.ts";
import { versions } from "../toolchain/pins.ts";

/** The image of the process that holds a pod's namespaces: every pod starts with it. */
export const sandboxImage = `localhost/mlflow-instances/pause:${versions.pause}`;

/**
 * An image that was built on this machine: an OCI archive and the full name under which pods ask
 * for it.
 */
interface ImageArchive {
  readonly reference: string;
  readonly archivePath: string;
}

const control = (profile: Profile): string[] => [
  "--address",
  profilePaths(profile).containerdSocket,
  "--namespace",
  "k8s.io",
];

/** Digest of the image of that name; undefined where the cluster has none. */
async function digestOf(profile: Profile, reference: string): Promise<string | undefined> {
  const { stdout } = await execa("ctr", [
    ...control(profile),
    "images",
    "list",
    `name==${reference}`,
  ]);
  return stdout
    .split("\n")
    .map((line) => line.split(/\s+/))
    .find(([name]) => name === reference)?.[2];
}

/**
 * Gives the image to the cluster; one that it has already is not read again: a reference names one
 * content. The result is the reference with the digest, as an environment names its image.
 */
export async function importImage(
  profile: Profile,
  { reference, archivePath }: ImageArchive,
): Promise<string> {
  const repository = reference.replace(/:[^:/]*$/, "");
  if ((await digestOf(profile, reference)) === undefined) {
    // The archive names its image, as a whole or by the tag alone; without a base a tag would
    // become a name of today.
    await execa("ctr", [
      ...control(profile),
      "images",
      "import",
      "--base-name",
      repository,
      archivePath,
    ]);
  }
  const digest = await digestOf(profile, reference);
  if (digest === undefined)
    throw new Error(
      `The image archive ${archivePath} was read, but it holds no image ${reference}.`,
    );
  // A pod that asks for a digest is looked up under this name, whatever its tag.
  await execa("ctr", [
    ...control(profile),
    "images",
    "tag",
    "--force",
    reference,
    `${repository}@${digest}`,
  ]);
  return `${reference}@${digest}`;
}
