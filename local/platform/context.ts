import { readFile } from "node:fs/promises";
import {
  profileNetwork,
  profilePaths,
  type Profile,
  type ProfileNetwork,
  type ProfilePaths,
} from "../paths.ts";
import { certificatePath, keyPath } from "./certificates.ts";

/** Folders of the built programs. */
export interface Tools {
  readonly kubernetes: string;
  readonly coredns: string;
  readonly traefik: string;
  readonly versitygw: string;
  /** Folder of the definitions of the Gateway API. */
  readonly gatewayApi: string;
}

/** What every service definition is made from. */
export interface PlatformContext {
  readonly profile: Profile;
  readonly network: ProfileNetwork;
  readonly paths: ProfilePaths;
  readonly tools: Tools;
}

/** What is enough to ask a service for its health. */
export type HealthContext = Pick<PlatformContext, "network" | "paths" | "profile">;

export const healthContext = (profile: Profile): HealthContext => ({
  profile,
  network: profileNetwork(profile),
  paths: profilePaths(profile),
});

export const platformContext = (profile: Profile, tools: Tools): PlatformContext => ({
  profile,
  network: profileNetwork(profile),
  paths: profilePaths(profile),
  tools,
});

/** Path of a certificate and of its key. */
export const pair = (paths: ProfilePaths, name: string): { certificate: string; key: string } => ({
  certificate: certificatePath(paths.pki, name),
  key: keyPath(paths.pki, name),
});

/** Texts of the certificates that a service reads, so that a renewed one restarts it. */
export const certificateTexts = (
  paths: ProfilePaths,
  names: readonly string[],
): Promise<string[]> =>
  Promise.all(names.map((name) => readFile(certificatePath(paths.pki, name), "utf8")));
