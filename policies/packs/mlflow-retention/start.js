import { servePack } from "../../index.ts";
servePack("retention");
