// A resource handler made from the description of a bridged resource type.
import type { Context, ResourceHandler } from "../provider.ts";
import { revealAll } from "../values.ts";
import type { Properties } from "../values.ts";
import { checkBridged } from "./check.ts";
import { diffBridged } from "./diff.ts";
import type { BridgedResource } from "./schema.ts";
import { inputsFromState, plannedState, requestInputs, toState } from "./state.ts";

export function bridgedHandler(resource: BridgedResource): ResourceHandler {
  return {
    check: async (request) => checkBridged(resource, request),
    diff: async (request) => diffBridged(resource, request),
    create: async (request) => {
      if (request.preview) return { id: "", properties: plannedState(resource, request.inputs) };
      const { id, state } = await resource.create({
        ...request,
        inputs: requestInputs(resource, request.inputs),
      });
      return { id, properties: toState(resource, id, state, request.inputs) };
    },
    read: async (request) => {
      const known = revealAll(request.properties) as Properties;
      const found = await resource.read(request, request.id, known);
      if (!found) return undefined;
      const id = found.id ?? request.id;
      const properties = toState(resource, id, found.state, {
        ...request.properties,
        ...request.inputs,
      });
      return { id, properties, inputs: inputsFromState(resource, properties, request.inputs) };
    },
    update: async (request) => {
      const { olds, news, id } = request;
      if (request.preview) return plannedState(resource, news, olds);
      const changed = new Set(diffBridged(resource, request).diffs ?? []);
      if (!resource.update) throw new Error(`${request.type} can't be updated in place`);
      const operation = {
        ...request,
        inputs: requestInputs(resource, news),
        id,
        old: revealAll(olds) as Properties,
        changed,
      };
      return toState(resource, id, await resource.update(operation), news);
    },
    delete: async (request) => {
      const context: Context & { timeout: number } = request;
      await resource.delete(context, request.id, revealAll(request.properties) as Properties);
    },
  };
}
