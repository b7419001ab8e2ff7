// The site of deploy/nginx in a real nginx, with what it says to change changed and nothing else, before one or several daemons.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Daemon } from "./daemon";
import { DIST, REPOSITORY } from "./daemon";

const NGINX = "/usr/sbin/nginx";
const START_MS_MAX = 15_000;
const POLL_MS = 50;

export class Nginx {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async before(...daemons: readonly Daemon[]): Promise<Nginx> {
    if (!existsSync(NGINX)) throw new Error(`${NGINX} is missing: run .ci/tools`);
    const folder = mkdtempSync(join(tmpdir(), "parking-nginx-"));
    const port = await freePort();
    writeSite(folder, port, daemons);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path t_${name};`).join(" ");
    // Started by root, its workers would be somebody who may not read temporary folders.
    const user = process.getuid?.() === 0 ? "user root;" : "";
    const main = `${user} worker_processes 1; pid nginx.pid; error_log error.log; events { worker_connections 256; }
      http { include /etc/nginx/mime.types; access_log access.log; ${temporary} include site.conf; }`;
    writeFileSync(join(folder, "nginx.conf"), main);
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", NGINX, "-p", folder, "-c", "nginx.conf", "-g", "daemon off;"], { stdio: "ignore" });
    const nginx = new Nginx(child, folder, port);
    const until = Date.now() + START_MS_MAX;
    while (!(await fetch(`${nginx.url}/health/live`).then((answer) => answer.ok, () => false))) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`nginx does not answer: ${readFileSync(join(folder, "error.log"), "utf8")}`);
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    return nginx;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async end(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function writeSite(folder: string, port: number, daemons: readonly Daemon[]): void {
  const source = join(REPOSITORY, "deploy/nginx");
  const changes: readonly (readonly [string, string])[] = [
    ["server 127.0.0.1:8080 max_fails=1 fail_timeout=5s;", daemons.map((daemon) => `server 127.0.0.1:${daemon.port} max_fails=1 fail_timeout=1s;`).join(" ")],
    ["/usr/local/lib/parking/current/dashboard", DIST],
    ["/var/cache/nginx/parking", join(folder, "cache")],
    ["/var/log/nginx/", `${folder}/`],
    ["listen [::]:80;", ""],
    ["listen 80;", `listen 127.0.0.1:${port};`],
  ];
  let whole = "";
  const bring = (from: string, to: string) => {
    const text = readFileSync(from, "utf8");
    whole += text;
    writeFileSync(to, changes.reduce((changed, [before, after]) => changed.replaceAll(before, after), text));
  };
  mkdirSync(join(folder, "parking"));
  for (const name of readdirSync(join(source, "parking"))) bring(join(source, "parking", name), join(folder, "parking", name));
  bring(join(source, "parking.conf"), join(folder, "site.conf"));
  const missing = changes.filter(([before]) => !whole.includes(before));
  if (missing.length > 0) throw new Error(`deploy/nginx no longer has ${missing.map(([before]) => before).join(", ")}`);
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}
