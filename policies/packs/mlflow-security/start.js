import { servePack } from "../../index.ts";
servePack("security");
