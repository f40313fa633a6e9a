import { servePack } from "../../index.ts";
servePack("naming");
