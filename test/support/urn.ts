/** URN of a resource without a component around it, in a stack of this project. */
export const urnOf = (stack: string, { type, name }: { type: string; name: string }): string =>
  `urn:pulumi:${stack}::mlflow-instances::${type}::${name}`;
