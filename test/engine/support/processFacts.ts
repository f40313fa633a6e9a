/**
 * Python for the inside of a pod: `facts`, what its process is allowed to, to print as JSON with
 * whatever a test adds.
 */
export const processFacts = `
import json, os
status = dict(line.split(":", 1) for line in open("/proc/1/status"))
def write(path):
    try:
        open(path, "w").close()
        return "written"
    except OSError as error:
        return error.strerror
facts = {
    "user": os.getuid(),
    "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "noNewPrivileges": status["NoNewPrivs"].strip(),
    **{path: write(path) for path in ("/x", "/opt/mlflow/x", "/tmp/x")},
    "serviceAccountToken": os.path.exists("/var/run/secrets/kubernetes.io"),
}
`;
