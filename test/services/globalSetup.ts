import { createReport } from "../../local/report.ts";
import { prepare } from "../../local/toolchain/prepare.ts";

/** PostgreSQL's binaries and the other Debian packages, on a machine that lacks them. */
export default (): Promise<void> => prepare(createReport());
