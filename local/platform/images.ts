import { execa } from "execa";
import { profilePaths, type Profile } from "../paths.ts";
import { versions } from "../toolchain/pins.ts";

/** The image of the process that holds a pod's namespaces: every pod starts with it. */
export const sandboxImage = `localhost/mlflow-instances/pause:${versions.pause}`;

/** An image that was built on this machine: an OCI archive and the full name under which pods ask for it. */
interface ImageArchive {
  readonly reference: string;
  readonly archivePath: string;
}

const control = (profile: Profile): string[] => ["--address", profilePaths(profile).containerdSocket, "--namespace", "k8s.io"];

async function hasImage(profile: Profile, reference: string): Promise<boolean> {
  const { stdout } = await execa("ctr", [...control(profile), "images", "list", "--quiet", `name==${reference}`]);
  return stdout.split("\n").includes(reference);
}

/** Gives the image to the cluster under its reference; one that it has already is not read again: a reference names one content. */
export async function importImage(profile: Profile, { reference, archivePath }: ImageArchive): Promise<void> {
  if (await hasImage(profile, reference)) return;
  // The archive names its image, as a whole or by the tag alone; without a base a tag would become a name of today.
  const repository = reference.replace(/:[^:/]*$/, "");
  await execa("ctr", [...control(profile), "images", "import", "--base-name", repository, archivePath]);
  if (!(await hasImage(profile, reference)))
    throw new Error(`The image archive ${archivePath} was read, but it holds no image ${reference}.`);
}
