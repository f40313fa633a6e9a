export { buildPauseImage } from "./pause.ts";
export { buildTrackingServerImage, type BuiltImage } from "./trackingServer.ts";
