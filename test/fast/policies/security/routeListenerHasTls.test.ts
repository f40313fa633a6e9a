import { expect, test } from "vitest";
import { routeListenerHasTls } from "../../../../policies/security/routeListenerHasTls.ts";
import { changed } from "../compliantInstance.ts";
import {
  foreign,
  gateway,
  listenerSet,
  redirect,
  route,
  routed,
  routeToOwnListener,
} from "../compliantRoutes.ts";
import { stackContract } from "../contract.ts";
import { with_ } from "../instances.ts";
import { judgeStack, unknown, type Given } from "../support.ts";

const sectionName = ["spec", "parentRefs", 0, "sectionName"] as const;
const protocol = ["spec", "listeners", 1, "protocol"] as const;
const beside = (other: Given, given = route) => with_(other, routed([given]));
const plain = changed(gateway, protocol, "HTTP");
const message = (wrong: string, name = "shop-route") =>
  `urn:${name}: spec.parentRefs[0].sectionName of ${name} is ${wrong}; set it to a listener with the protocol HTTPS.`;
const ofGateway = "https, which has the protocol HTTP of the Gateway shared";

stackContract(routeListenerHasTls, {
  passes: {
    "a listener for HTTPS": beside(gateway),
    "a listener of the instance's own": routed([routeToOwnListener, listenerSet]),
    "a redirect at the listener for plain HTTP": with_(gateway, routed([route, redirect])),
    "a Gateway that is in no stack": routed(),
  },
  breaks: beside(plain),
  message: message(ofGateway),
  unknown: [
    { given: beside(changed(gateway, protocol, unknown)), later: [protocol.join(".")] },
    {
      given: [...beside(plain), { ...changed(route, sectionName, unknown), urn: "urn:second" }],
      later: [sectionName.join(".")],
      violations: [message(ofGateway)],
    },
    {
      given: beside(changed(gateway, ["metadata", "name"], unknown)),
      later: ["metadata.name"],
    },
  ],
  ignores: {
    "a Gateway of another name": beside(changed(plain, ["metadata", "name"], "other")),
    "a Gateway of another namespace": beside(changed(plain, ["metadata", "namespace"], "other")),
    "no name, which route-has-tls judges": beside(gateway, changed(route, sectionName, undefined)),
  },
});

test("a listener that is not there is none for HTTPS", async () => {
  const stack = beside(gateway, changed(route, sectionName, "tls"));
  expect((await judgeStack(routeListenerHasTls, stack)).violations).toEqual([
    message("tls, and there is no such listener of the Gateway shared"),
  ]);
});

test("an older version of the API and another's route are judged, too", async () => {
  const older = (given: Given): Given => ({
    ...given,
    type: given.type.replace("/v1:", "/v1beta1:"),
  });
  const stack = with_(foreign(older(route)), beside(older(plain), older(route)));
  expect((await judgeStack(routeListenerHasTls, stack)).violations).toEqual([
    message(ofGateway),
    message(ofGateway, "web"),
  ]);
});

test("a listener set of the platform is judged as a Gateway is", async () => {
  const set = changed(foreign(listenerSet), ["spec", "listeners", 0, "protocol"], "TLS");
  const reference = { kind: "ListenerSet", name: "web", namespace: "web", sectionName: "https" };
  const stack = beside(set, changed(route, ["spec", "parentRefs", 0], reference));
  expect((await judgeStack(routeListenerHasTls, stack)).violations).toEqual([
    message("https, which has the protocol TLS of the ListenerSet web"),
  ]);
});
