import { describe, expect, it } from "vitest";
import {
  checkMachine,
  goArchitecture,
  goIsNewEnough,
  MachineError,
} from "../../../../local/toolchain/machine.ts";

describe("the machine", () => {
  it("is accepted as root on Linux of both architectures", () => {
    expect(() => checkMachine({ platform: "linux", arch: "x64", uid: 0 })).not.toThrow();
    expect(() => checkMachine({ platform: "linux", arch: "arm64", uid: 0 })).not.toThrow();
    expect(goArchitecture({ platform: "linux", arch: "x64", uid: 0 })).toBe("amd64");
  });

  it("is told everything that is missing at once, and the way out", () => {
    const check = (): void => checkMachine({ platform: "darwin", arch: "riscv64", uid: 501 });
    expect(check).toThrow(MachineError);
    expect(check).toThrow(/Linux.*darwin[^]*wrong architecture here: riscv64[^]*--context/);
  });

  it("is told how to become root", () => {
    expect(() => checkMachine({ platform: "linux", arch: "x64", uid: 1000 })).toThrow(
      /root: .*sudo -E npm run local/,
    );
    expect(() => checkMachine({ platform: "linux", arch: "x64", uid: 1000 })).not.toThrow(
      /architecture/,
    );
  });

  it("is told of a wrong architecture before a build", () => {
    expect(() => goArchitecture({ platform: "linux", arch: "ppc64", uid: 0 })).toThrow(
      "Wrong architecture",
    );
  });
});

describe("Go's version", () => {
  it.each(["go1.26.0", "go1.26.8", "go1.27rc1", "go1.100", "go2.0", "devel go1.28-abc"])(
    "%s is new enough",
    (version) => {
      expect(goIsNewEnough(version, "1.26.0")).toBe(true);
    },
  );
  it.each(["go1.25.9", "go1.9", "go1.3.27", "gccgo", ""])("%s is not", (version) => {
    expect(goIsNewEnough(version, "1.26.0")).toBe(false);
  });
});
