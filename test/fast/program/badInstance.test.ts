import { expect, test } from "vitest";
import { errorsIn } from "./instanceFiles.ts";

// Each wrong value gives exactly these lines: file, line:column, path, reason. A file with two
// mistakes gives both.

test("the smallest file is right", () => {
  expect(errorsIn("")).toEqual([]);
});

const cases: [what: string, extra: string, errors: string[]][] = [
  [
    "unknown key",
    "teir: standard\n",
    [
      "shop.yaml:4:1 teir: unknown key; did you mean tier? known here: team, owner, description, host, tier, costCenter, deletedExperimentRetention, traceRetention, audit, staleRuns, maintenance, replicas, workers, cpu, memory, databaseConnections, extraAllowedHosts, logLevel, temporaryStorage, tokens, workloads, delete",
    ],
  ],
  [
    "further hosts with a scheme or a wildcard",
    'extraAllowedHosts: ["localhost:15056", "http://localhost", "*"]\n',
    [1, 2].map(
      (index) =>
        `shop.yaml:4:${index === 1 ? 40 : 60} extraAllowedHosts[${index}]: is ${index === 1 ? '"http://localhost"' : '"*"'}; expected a host with its port if any, such as localhost:15056, without scheme and wildcard`,
    ),
  ],
  [
    "host outside the domain",
    "host: shop.example.com\n",
    [
      'shop.yaml:4:1 host: is "shop.example.com", outside the environment\'s domain; expected <name>.mlflow.test',
    ],
  ],
  [
    "host two labels deep, where no wildcard reaches",
    "host: a.b.mlflow.test\n",
    [
      'shop.yaml:4:1 host: is "a.b.mlflow.test", outside the environment\'s domain; expected <name>.mlflow.test',
    ],
  ],
  [
    "host that only ends like the domain",
    "host: evilmlflow.test\n",
    [
      'shop.yaml:4:1 host: is "evilmlflow.test", outside the environment\'s domain; expected <name>.mlflow.test',
    ],
  ],
  [
    "host with a port",
    "host: shop.mlflow.test:443\n",
    [
      'shop.yaml:4:1 host: is "shop.mlflow.test:443"; expected a host name in lower case, without scheme and port',
    ],
  ],
  [
    "unknown key of a token",
    "tokens: { ci: { role: read, expires: 2027-01-01, scope: x } }\n",
    [
      "shop.yaml:4:50 tokens.ci.scope: unknown key; known here: role, expires, generation, previousValidUntil, deliverTo",
    ],
  ],
  [
    "fewer connections than its pods need",
    "databaseConnections: 20\n",
    [
      "shop.yaml:4:1 databaseConnections: 20 connections are too few for 1 replicas (and 1 during a rollout) x 2 workers x 2 stores: at least 25 are needed",
    ],
  ],
  [
    "half a connection",
    "databaseConnections: 25.5\n",
    ["shop.yaml:4:1 databaseConnections: is 25.5; expected a whole number from 1 to 1000"],
  ],
  [
    "key given twice",
    "team: search\n",
    ["shop.yaml:4:1 team: is given twice, first in line 1; remove one of the two"],
  ],
  [
    "key of a token given twice",
    "tokens:\n  ci:\n    role: read\n    role: edit\n",
    ["shop.yaml:7:5 tokens.ci.role: is given twice, first in line 6; remove one of the two"],
  ],
  [
    "a mapping with nothing in it",
    "memory:\n",
    ["shop.yaml:4:1 memory: is empty; known keys: request, limit"],
  ],
  [
    "not YAML",
    "tokens: { ci: \n",
    ["shop.yaml:4:15 Flow map in block collection must be sufficiently indented and end with a }"],
  ],
  [
    "retention 0d",
    "deletedExperimentRetention: 0d\n",
    [
      'shop.yaml:4:1 deletedExperimentRetention: is "0d"; expected a whole number of days with its unit, for example 30d',
    ],
  ],
  [
    "retention -1d",
    "deletedExperimentRetention: -1d\n",
    [
      'shop.yaml:4:1 deletedExperimentRetention: is "-1d"; expected a whole number of days with its unit, for example 30d',
    ],
  ],
  [
    "retention without a unit",
    "deletedExperimentRetention: 30\n",
    [
      "shop.yaml:4:1 deletedExperimentRetention: is 30; expected a whole number of days with its unit, for example 30d",
    ],
  ],
  [
    "retention 91d",
    "deletedExperimentRetention: 91d\n",
    [
      "shop.yaml:4:1 deletedExperimentRetention: is 91d, outside 1d to 90d of tier standard in local",
    ],
  ],
  [
    "traces of days",
    "traceRetention: 6d\n",
    ['shop.yaml:4:1 traceRetention: is "6d", but must be a number of days from 7d to 730d'],
  ],
  [
    "traces for ever",
    "traceRetention: 731d\n",
    ['shop.yaml:4:1 traceRetention: is "731d", but must be a number of days from 7d to 730d'],
  ],
  [
    "traces in hours",
    "traceRetention: 720h\n",
    [
      'shop.yaml:4:1 traceRetention: is "720h"; expected a whole number of days with its unit, for example 30d',
    ],
  ],
  [
    "an audit of weeks",
    "audit: { retention: 29d }\n",
    ['shop.yaml:4:10 audit.retention: is "29d", but must be a number of days from 30d to 3650d'],
  ],
  [
    "an audit without an end",
    "audit: { retention: forever }\n",
    [
      'shop.yaml:4:10 audit.retention: is "forever"; expected a whole number of days with its unit, for example 30d',
    ],
  ],
  [
    "retention under the tier's least",
    "tier: production\ndeletedExperimentRetention: 6d\n",
    [
      "shop.yaml:5:1 deletedExperimentRetention: is 6d, outside 7d to 90d of tier production in local",
    ],
  ],
  [
    "stale runs after too short a time, in a unit that there is not",
    "staleRuns: { after: 0h, idle: 30m }\n",
    [
      'shop.yaml:4:14 staleRuns.after: is "0h"; expected a whole number of hours or days with its unit, for example 6h or 2d',
      'shop.yaml:4:25 staleRuns.idle: is "30m"; expected a whole number of hours or days with its unit, for example 6h or 2d',
    ],
  ],
  [
    "stale runs after more than 30 days",
    "staleRuns: { after: 721h }\n",
    [
      'shop.yaml:4:14 staleRuns.after: is "721h", but must be a number of hours or days from 1h to 30d',
    ],
  ],
  [
    "idle for longer than after",
    "staleRuns: { idle: 2d }\n",
    [
      'shop.yaml:4:14 staleRuns.idle: is "2d", but must be a number of hours or days from 1h to staleRuns.after (24h)',
    ],
  ],
  [
    "unknown key of the stale runs",
    "staleRuns: { grace: 1h }\n",
    ["shop.yaml:4:14 staleRuns.grace: unknown key; known here: after, idle"],
  ],
  [
    "time zone that there is not",
    "maintenance: { timeZone: Mars/Olympus }\n",
    [
      'shop.yaml:4:16 maintenance.timeZone: "Mars/Olympus" is no time zone of the IANA list, such as Europe/Berlin or Etc/UTC',
    ],
  ],
  [
    "schedules that Kubernetes would refuse, or never start",
    'maintenance:\n  retentionSchedule: "0 0 30 2 *"\n  staleRunsSchedule: TZ=Europe/Berlin 0 * * * *\n',
    [
      'shop.yaml:5:3 maintenance.retentionSchedule: "0 0 30 2 *" never comes: no month that it names has such a day',
      'shop.yaml:6:3 maintenance.staleRunsSchedule: "TZ=Europe/Berlin 0 * * * *" names a time zone; that has a field of its own, timeZone',
    ],
  ],
  [
    "a schedule that is no text",
    "maintenance: { retentionSchedule: 5 }\n",
    ["shop.yaml:4:16 maintenance.retentionSchedule: expected a text, got the number 5"],
  ],
  [
    "token without expiry",
    "tokens:\n  ci: { role: edit }\n",
    [
      "shop.yaml:5:3 tokens.ci.expires: is missing; every token ends on a date, for example 2027-02-20, or on the environment's defaults.tokenExpires",
    ],
  ],
  [
    "token without a role",
    "tokens:\n  ci: { expires: 2027-01-01 }\n",
    ["shop.yaml:5:3 tokens.ci.role: is missing; one of read, edit, manage, admin"],
  ],
  [
    "token of more than its life",
    "tokens:\n  ci: { role: edit, expires: 2027-11-23 }\n",
    [
      "shop.yaml:5:21 tokens.ci.expires: is 2027-11-23; the policy token-expires-in-time allows 2027-05-21 or earlier for tier standard in local",
    ],
  ],
  [
    "token with a duration",
    "tokens:\n  ci: { role: edit, expires: 90d }\n",
    ['shop.yaml:5:21 tokens.ci.expires: is "90d"; expected a date such as 2027-02-20'],
  ],
  [
    "token with a day that no calendar has",
    "tokens:\n  ci: { role: edit, expires: 2027-02-30 }\n",
    ['shop.yaml:5:21 tokens.ci.expires: is "2027-02-30"; expected a date such as 2027-02-20'],
  ],
  [
    "unknown role",
    "tokens:\n  ci: { role: owner, expires: 2027-01-01 }\n",
    ['shop.yaml:5:9 tokens.ci.role: is "owner", not one of read, edit, manage, admin'],
  ],
  [
    "wrong token name",
    "tokens:\n  CI: { role: read, expires: 2027-01-01 }\n",
    [
      "shop.yaml:5:3 tokens.CI: a token's name is 2 to 40 lower-case letters, digits and hyphens, beginning with a letter",
    ],
  ],
  [
    "unknown tier",
    "tier: gold\n",
    ['shop.yaml:4:1 tier: is "gold", not one of sandbox, standard, production'],
  ],
  [
    "size without a unit",
    "temporaryStorage: 5\n",
    [
      "shop.yaml:4:1 temporaryStorage: is 5; expected a size with its unit, for example 512Mi or 20Gi",
    ],
  ],
  [
    "limit under the request",
    "memory: { request: 1Gi, limit: 512Mi }\n",
    [
      'shop.yaml:4:25 memory.limit: is "512Mi", but must not be less than memory.request, which is 1Gi',
    ],
  ],
  [
    "a limit with which the server does not start",
    "memory: { request: 64Mi, limit: 128Mi }\n",
    [
      'shop.yaml:4:26 memory.limit: is "128Mi", but must be at least 256Mi, which the server needs to start',
    ],
  ],
  [
    "too many replicas",
    "replicas: 11\n",
    ["shop.yaml:4:1 replicas: is 11; expected a whole number from 1 to 10"],
  ],
  [
    "replicas as a text",
    'replicas: "2"\n',
    ['shop.yaml:4:1 replicas: is "2"; expected a whole number from 1 to 10'],
  ],
  [
    "two mistakes",
    "tier: gold\nworkers: 0\n",
    [
      'shop.yaml:4:1 tier: is "gold", not one of sandbox, standard, production',
      "shop.yaml:5:1 workers: is 0; expected a whole number from 1 to 16",
    ],
  ],
];

test.each(cases)("%s", (_, extra, errors) => {
  expect(errorsIn(extra)).toEqual(errors);
});
