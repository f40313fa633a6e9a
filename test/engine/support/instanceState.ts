import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import type pg from "pg";
import type { Deployed } from "../../../local/commands/up.ts";
import { profilePaths } from "../../../local/paths.ts";
import type { InstanceOutput } from "../../../local/stack/outputs.ts";
import { databases } from "./database.ts";
import { objectStore } from "./objectStore.ts";

const exec = promisify(execFile);

export type Row = Readonly<Record<string, unknown>>;

/** A row, and the same as PostgreSQL writes it: numbers beyond 2^53 are compared as text. */
export interface Entry {
  readonly row: Row;
  readonly text: string;
}

/** Every row of every table of an instance's schema. */
export class Database {
  readonly tables: readonly string[];
  readonly #entries: ReadonlyMap<string, readonly Entry[]>;

  constructor(entries: ReadonlyMap<string, readonly Entry[]>) {
    this.#entries = entries;
    this.tables = [...entries.keys()];
  }

  entries(table: string): readonly Entry[] {
    const entries = this.#entries.get(table);
    if (entries === undefined) throw new Error(`no table ${table}`);
    return entries;
  }

  rows(table: string): readonly Row[] {
    return this.entries(table).map(({ row }) => row);
  }

  /** Each table's rows as text, sorted. */
  texts(): ReadonlyMap<string, readonly string[]> {
    return new Map(
      this.tables.map((table) => [table, this.entries(table).map(({ text }) => text)]),
    );
  }
}

/** One version of an object, or a delete marker. */
export interface BucketObject {
  readonly key: string;
  readonly version: string;
  readonly latest: boolean;
  readonly marker: boolean;
  readonly size: number;
  readonly modified: number;
}

const saved = "saved_state";

/**
 * An instance's whole state, seen past MLflow by the administrators of PostgreSQL and of the object
 * store; it can be taken down and put back.
 */
export class InstanceState {
  sql: pg.Client;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly #folders: readonly { readonly live: string; readonly copy: string }[];
  readonly #scratch: string;
  readonly #connect: () => Promise<pg.Client>;

  private constructor(
    connect: () => Promise<pg.Client>,
    sql: pg.Client,
    s3: S3Client,
    bucket: string,
    scratch: string,
    objectStoreFolder: string,
  ) {
    this.#connect = connect;
    this.sql = sql;
    this.s3 = s3;
    this.bucket = bucket;
    this.#scratch = scratch;
    this.#folders = ["data", "versions"].map((name) => ({
      live: join(objectStoreFolder, name, bucket),
      copy: join(scratch, name),
    }));
  }

  static async open(
    deployed: Pick<Deployed, "platform">,
    instance: Pick<InstanceOutput, "bucket" | "database">,
  ): Promise<InstanceState> {
    const connect = async (): Promise<pg.Client> => {
      const sql = await databases(deployed).administrator(instance.database);
      return sql.on("error", () => undefined); // the tests also take PostgreSQL away
    };
    const scratch = await mkdtemp(join(tmpdir(), "instance-state-"));
    const s3 = await objectStore(deployed, { secrets: {} }).root();
    return new InstanceState(
      connect,
      await connect(),
      s3,
      instance.bucket,
      scratch,
      profilePaths(deployed.platform.profile).objectStore,
    );
  }

  async close(): Promise<void> {
    await this.sql.end().catch(() => undefined);
    this.s3.destroy();
    await rm(this.#scratch, { recursive: true, force: true });
  }

  /** After PostgreSQL was away. */
  async reconnect(): Promise<void> {
    await this.sql.end().catch(() => undefined);
    this.sql = await this.#connect();
  }

  async #tables(schema = "public"): Promise<string[]> {
    const { rows } = await this.sql.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = $1 order by 1",
      [schema],
    );
    return rows.map(({ name }) => name);
  }

  async database(): Promise<Database> {
    const entries = new Map<string, Entry[]>();
    for (const table of await this.#tables()) {
      const { rows } = await this.sql.query<{ text: string }>(
        `select to_jsonb(t)::text as text from public."${table}" t`,
      );
      entries.set(
        table,
        rows
          .map(({ text }) => text)
          .sort()
          .map((text) => ({ text, row: JSON.parse(text) as Row })),
      );
    }
    return new Database(entries);
  }

  /** Every version and marker, in the order of keys. */
  async objects(prefix = ""): Promise<BucketObject[]> {
    const objects: BucketObject[] = [];
    let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (;;) {
      const page = await this.s3.send(
        new ListObjectVersionsCommand({ Bucket: this.bucket, Prefix: prefix, ...next }),
      );
      for (const [marker, list] of [
        [false, page.Versions ?? []],
        [true, page.DeleteMarkers ?? []],
      ] as const) {
        for (const each of list) {
          objects.push({
            key: each.Key ?? "",
            version: each.VersionId ?? "",
            latest: each.IsLatest ?? false,
            marker,
            size: "Size" in each ? (each.Size ?? 0) : 0,
            modified: each.LastModified?.getTime() ?? 0,
          });
        }
      }
      if (page.IsTruncated !== true) return objects;
      next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
  }

  /** Whether a job has written its plan; a look at the gateway's files costs the job nothing. */
  hasPlan(command: string): boolean {
    const folder = join(this.objectsFolder, "maintenance", command);
    try {
      return readdirSync(folder).some((run) => existsSync(join(folder, run, "plan-0001.jsonl")));
    } catch (error) {
      // Not made as yet; or the gateway, which removes a folder with its last object, has just done
      // so.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  /**
   * Sets the times of an object's current version (or marker), and of all that are behind it, as
   * the gateway keeps them.
   */
  async setTimes(key: string, current: Date, behind: Date): Promise<void> {
    const hash = createHash("sha256").update(key).digest("hex");
    const [data = "", versions = ""] = this.#folders.map(({ live }) => live);
    await utimes(join(data, key), current, current);
    const folder = join(versions, hash.slice(0, 2), hash.slice(2, 4), hash.slice(4, 6), hash);
    for (const version of await readdir(folder).catch(() => []))
      await utimes(join(folder, version), behind, behind);
  }

  /** Sets the time at which an upload in parts began. */
  async setUploadTime(key: string, upload: string, time: Date): Promise<void> {
    const hash = createHash("sha256").update(key).digest("hex");
    await utimes(join(this.objectsFolder, ".sgwtmp", "multipart", hash, upload), time, time);
  }

  /**
   * Makes the gateway say that objects under a prefix were written so long ago: its times are those
   * of its files.
   */
  async ageObjects(
    prefix: string,
    milliseconds: number,
    which: (key: string) => boolean = () => true,
  ): Promise<void> {
    const folder = this.objectsFolder;
    const time = new Date(Date.now() - milliseconds);
    for (const entry of await readdir(join(folder, prefix), {
      recursive: true,
      withFileTypes: true,
    })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && which(relative(folder, path))) await utimes(path, time, time);
    }
  }

  /** Where the gateway keeps the current version of each object, as a file. */
  get objectsFolder(): string {
    return this.#folders[0]?.live ?? "";
  }

  /**
   * Removes every object and all that was ever behind one, and the runs; through the API a large
   * bucket takes minutes.
   */
  async empty(): Promise<void> {
    for (const { live } of this.#folders)
      for (const name of await readdir(live).catch(() => []))
        if (!name.startsWith(".")) await rm(join(live, name), { recursive: true });
    await this.sql.query("truncate runs cascade");
  }

  /** Keeps a copy of all rows and of the gateway's files, with their attributes and times. */
  async save(): Promise<void> {
    await this.sql.query(`drop schema if exists ${saved} cascade; create schema ${saved}`);
    for (const table of await this.#tables())
      await this.sql.query(`create table ${saved}."${table}" as table public."${table}"`);
    for (const { live, copy } of this.#folders) {
      await rm(copy, { recursive: true, force: true });
      await mkdir(live, { recursive: true });
      await exec("cp", ["--archive", live, copy]);
    }
  }

  /**
   * Puts the copy back. The folder of the bucket stays, as the gateway keeps the bucket's policy in
   * its attributes.
   */
  async restore(): Promise<void> {
    const { rows: tables } = await this.sql.query<{ name: string; columns: string }>(
      `select table_name as name, string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
       where table_schema = $1 and table_name in (select table_name from information_schema.tables where table_schema = 'public') and
         (table_name, column_name) not in (select table_name, column_name from information_schema.columns where table_schema = 'public' and is_generated = 'ALWAYS')
       group by table_name`,
      [saved],
    );
    await this.sql.query(
      [
        "begin",
        "set local session_replication_role = replica",
        ...tables.flatMap(({ name, columns }) => [
          `delete from public."${name}"`,
          `insert into public."${name}" (${columns}) select ${columns} from ${saved}."${name}"`,
        ]),
        "commit",
      ].join("; "),
    );
    for (const { live, copy } of this.#folders) {
      await mkdir(live, { recursive: true });
      for (const name of await readdir(live)) await rm(join(live, name), { recursive: true });
      await exec("cp", ["--archive", `${copy}/.`, live]);
    }
  }
}
