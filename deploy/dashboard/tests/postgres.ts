// A PostgreSQL server of its own, for daemons that share a database; stopped by its process id.
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./nginx";

const DEBIAN = "/usr/lib/postgresql";
const START_MS_MAX = 30_000;
const POLL_MS = 100;

export class Postgres {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    readonly url: string,
  ) {}

  static async start(): Promise<Postgres> {
    const version = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a))[0] : undefined;
    if (version === undefined) throw new Error("PostgreSQL is missing: run .ci/tools");
    const bin = join(DEBIAN, version, "bin");
    const folder = mkdtempSync(join(tmpdir(), "parking-pg-"));
    chmodSync(folder, 0o755);
    const data = join(folder, "data");
    mkdirSync(data, { mode: 0o700 });
    // It refuses to be root.
    const as = process.getuid?.() === 0 ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
    if (as.length > 0) {
      const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
      chownSync(data, id("-u"), id("-g"));
    }
    execFileSync("setpriv", [...as, "--", join(bin, "initdb"), "-D", data, "-U", "parking", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], { stdio: "ignore" });
    const port = await freePort();
    const settings = ["listen_addresses=127.0.0.1", "fsync=off", "unix_socket_directories="].flatMap((setting) => ["-c", setting]);
    const child = spawn("setpriv", [...as, "--pdeathsig", "KILL", "--", join(bin, "postgres"), "-D", data, "-p", String(port), ...settings], { stdio: "ignore" });
    const until = Date.now() + START_MS_MAX;
    while (!(await answers(port))) {
      if (Date.now() > until || child.exitCode !== null) throw new Error("PostgreSQL does not listen");
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    return new Postgres(child, folder, `postgres://parking@127.0.0.1:${port}/postgres`);
  }

  async end(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    // To it this means: at once.
    this.process.kill("SIGQUIT");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
