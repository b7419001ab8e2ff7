// A real daemon of its own, with a folder of its own, on a free port, stopped by its process id.
import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const REPOSITORY = resolve(import.meta.dirname, "../../..");
export const DIST = resolve(import.meta.dirname, "../dist");
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 12_000;

export function binary(name: "parkd" | "parkctl"): string {
  const folder = process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, "target");
  const path = join(folder, "debug", name);
  if (!existsSync(path)) throw new Error(`${path} is missing: run cargo build -p parkd -p parkctl --bins`);
  return path;
}

export interface Row {
  code: string;
  zone?: string;
  level?: number;
  kind?: string;
  state?: string;
  position?: { x: number; y: number };
  note?: string;
}

export class Daemon {
  private process: ChildProcess | null = null;
  readonly folder = mkdtempSync(join(tmpdir(), "parking-"));
  port = 0;

  constructor(
    private readonly flags: readonly string[] = [],
    private readonly root = DIST,
  ) {}

  static async start(...flags: string[]): Promise<Daemon> {
    const daemon = new Daemon(flags);
    await daemon.start();
    return daemon;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get token(): string {
    return readFileSync(join(this.folder, "admin.token"), "utf8").trim();
  }

  /** Again on the same port, when it ran before. */
  async start(): Promise<void> {
    if (!existsSync(join(this.root, "index.html"))) throw new Error(`${this.root} is missing: run npm run build`);
    const flags = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.folder, "--web-root", this.root, ...this.flags];
    // Whatever happens to this process, its servers end with it.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", binary("parkd"), ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      // Tests do in a second what people do in a day.
      env: { ...process.env, PARKD_UPLOAD_RATE: "500", PARKD_WRITE_RATE: "20000" },
    });
    this.process = child;
    let log = "";
    child.stderr.on("data", (data: Buffer) => (log += String(data)));
    this.port = await new Promise<number>((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`parkd does not listen: ${log}`)), START_MS_MAX);
      child.once("exit", (code) => fail(new Error(`parkd ended with ${code}: ${log}`)));
      child.stdout.on("data", (data: Buffer) => {
        const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(String(data))?.[1];
        if (!port) return;
        clearTimeout(timer);
        done(Number(port));
      });
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    child.kill(signal);
    await ended;
    clearTimeout(timer);
  }

  async end(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Asks the daemon by itself, as an admin or with another token. */
  async ask<T>(method: string, path: string, body?: unknown, token = this.token): Promise<T> {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": isBytes ? "image/jpeg" : "application/json" },
      ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async fill(rows: readonly Row[], lot = "main"): Promise<void> {
    await this.ask("POST", `/api/slots/import?lot=${lot}`, rows);
  }

  async newToken(name: string, role: string): Promise<string> {
    return (await this.ask<{ token: string }>("POST", "/api/tokens", { name, role })).token;
  }

  private get environment(): NodeJS.ProcessEnv {
    return { ...process.env, PARKCTL_SERVER: this.url, PARKCTL_TOKEN: this.token };
  }

  async parkctl(...args: string[]): Promise<string> {
    return (await promisify(execFile)(binary("parkctl"), args, { env: this.environment })).stdout;
  }

  /** `parkctl` that goes on, and what it has said so far. */
  follow(...args: string[]): { said: () => string; stop: () => void } {
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", binary("parkctl"), ...args], { env: this.environment });
    let said = "";
    child.stdout.on("data", (data: Buffer) => (said += String(data)));
    return { said: () => said, stop: () => child.kill("SIGTERM") };
  }
}

/** A small lot: two zones, three kinds, every state. */
export const LOT: readonly Row[] = Array.from({ length: 24 }, (_, at) => {
  const zone = at < 12 ? "A" : "B";
  const number = (at % 12) + 1;
  const row = Math.floor((number - 1) / 6);
  return {
    code: `${zone}-${String(number).padStart(2, "0")}`,
    zone,
    kind: number === 1 ? "accessible" : number === 7 ? "ev" : "standard",
    state: at === 3 ? "reserved" : at === 4 ? "closed" : at === 17 ? "unknown" : at % 5 === 0 ? "occupied" : "free",
    position: { x: (zone === "A" ? 0 : 20) + ((number - 1) % 6) * 2.5, y: row * 12 },
  };
});
