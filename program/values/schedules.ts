import { cronProblem, timeZoneProblem } from "@mlflow-instances/components/internal";
import { z } from "zod";
import { show } from "./wrongValue.ts";

// What the component will ask of these texts, asked here already, where the answer comes with file
// and line.
const checked = (problemOf: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== undefined)
      context.addIssue({ code: "custom", message: `${show(text)} ${problem}` });
  });

/** A schedule that Kubernetes takes, and that comes. */
export const schedule = checked(cronProblem);

/** Name of a time zone in the IANA list. */
export const timeZone = checked(timeZoneProblem);
