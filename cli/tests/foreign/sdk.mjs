// The browser's own client of the protocol, on a port of this machine: node sdk.mjs DIST PORT
// Prints one line of JSON for each thing that it asked.
import { constants, openSync, writeSync } from "node:fs";
import { register } from "node:module";
import { Readable } from "node:stream";
import { ReadStream } from "node:tty";
import { pathToFileURL } from "node:url";

// The package is made for bundlers: it says neither that it is a module nor how its files end.
const hooks = `
export async function resolve(name, context, next) {
  const bare = name.startsWith("./") && !name.endsWith(".js");
  return next(bare ? name + ".js" : name, context);
}
export async function load(url, context, next) {
  return next(url, url.includes("/dist/") ? { ...context, format: "module" } : context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const [dist, path] = process.argv.slice(2);
const { ImprovSerial } = await import(pathToFileURL(`${dist}/serial.js`));

const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
const port = {
  readable: Readable.toWeb(new ReadStream(fd)),
  writable: new WritableStream({ write: (bytes) => void writeSync(fd, bytes) }),
};
const quiet = { log() {}, debug() {}, error: (...words) => console.error(...words) };
const sdk = new ImprovSerial(port, quiet);

const say = (asked, came) => console.log(JSON.stringify({ asked, came }));
const attempt = async (asked, question) => {
  try {
    say(asked, (await question()) ?? null);
  } catch (error) {
    say(asked, { refused: String(error) });
  }
};

await attempt("initialize", () => sdk.initialize(5000));
await attempt("state", async () => (await sdk.requestCurrentState(), sdk.state));
await attempt("scan", () => sdk.scan());
await attempt("get name", () => sdk.getDeviceName());
await attempt("set name", () => sdk.setDeviceName("Gate 12"));
await attempt("get host name", () => sdk.getHostname());
await attempt("bad host name", () => sdk.setHostname("no such"));
await attempt("network", () => sdk.requestNetworkState());
await attempt("wrong password", () => sdk.provision("Lot Wi-Fi", "not this one"));
await attempt("join", async () => (await sdk.provision("Lot Wi-Fi", "correct horse"), sdk.nextUrl));
await attempt("state after", async () => (await sdk.requestCurrentState(), [sdk.state, sdk.nextUrl]));
await attempt("network after", () => sdk.requestNetworkState());
process.exit(0);
