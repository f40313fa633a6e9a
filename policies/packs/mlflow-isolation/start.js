import { servePack } from "../../index.ts";
servePack("isolation");
