import type { Provider, ResourceHandler } from "../shared/provider.ts";
import { bridgedHandler } from "../shared/bridged/handler.ts";
import { randomBytesResource } from "./randomBytes.ts";
import { randomIdResource } from "./randomId.ts";
import { randomPassword, randomString } from "./randomString.ts";

const handlers: Record<string, ResourceHandler> = {
  "random:index/randomPassword:RandomPassword": bridgedHandler(randomPassword),
  "random:index/randomString:RandomString": bridgedHandler(randomString),
  "random:index/randomId:RandomId": bridgedHandler(randomIdResource),
  "random:index/randomBytes:RandomBytes": bridgedHandler(randomBytesResource),
};

export const randomProvider: Provider = {
  name: "random",
  version: "4.21.2",
  supported: Object.keys(handlers),
  resource: (type) => handlers[type],
  configure: async () => undefined,
};
