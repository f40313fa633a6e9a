import { isIP } from "node:net";
import type { Answers } from "../../form.ts";

// What the tables of questions share.

/** A number for what is one; anything else is for the file's own check to refuse. */
export const number = (answer: string): unknown =>
  /^[0-9]+$/.test(answer) ? Number(answer) : answer;

export const yesOrNo = ["true", "false"] as const;
export const truth = (answer: string): boolean => answer === "true";

export const onExisting = ({ kind }: Answers): boolean => kind === "existing";
export const onAws = ({ kind }: Answers): boolean => kind === "aws";

/** Whether a host is a name, which network policies can't open. */
export const isName = (host: string | undefined): boolean => host !== undefined && isIP(host) === 0;

/** The host of an address; undefined while it is none. */
export const hostOf = (address: string | undefined): string | undefined =>
  address !== undefined && URL.canParse(address)
    ? new URL(address).hostname.replace(/^\[|\]$/g, "")
    : undefined;
