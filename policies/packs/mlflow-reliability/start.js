import { servePack } from "../../index.ts";
servePack("reliability");
