import { expect, it } from "vitest";
import { pipProgress } from "../../../../local/toolchain/pip.ts";

it.each([
  [
    "  Downloading numpy-2.3.4-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)",
    "downloads numpy 2.3.4 (16.9 MB)",
  ],
  [
    "Using cached google_auth-2.62.2-py3-none-any.whl (210 kB)",
    "downloads google_auth 2.62.2 (210 kB)",
  ],
  ["Downloading typing-extensions-4.16.0-py3-none-any.whl", "downloads typing-extensions 4.16.0"],
  ["Installing collected packages: a, b", "installs the downloaded packages"],
  ["  Downloading numpy-2.3.4-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (62 kB)", undefined],
  ["Collecting numpy==2.3.4", undefined],
])("%s", (line, progress) => {
  expect(pipProgress(line)).toBe(progress);
});
