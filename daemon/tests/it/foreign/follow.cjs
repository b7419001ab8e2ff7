// Follows a lot over a WebSocket by the documented rules alone; prints where it stands. Arguments: address, token.
const WebSocket = require("ws");
const [address, token] = process.argv.slice(2);
const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 20_000;
let epoch = null;
let seq = null;
let wait = BACKOFF_MIN_MS;

function take(frame, socket) {
  if (frame.type === "hello") {
    epoch = frame.epoch;
  } else if (frame.type === "snapshot") {
    seq = frame.seq;
    console.log(`start ${seq}`);
  } else if (frame.type === "events") {
    for (const event of frame.events) {
      if (event.seq > seq + 1) return socket.close();
      if (event.seq === seq + 1) console.log(String((seq += 1)));
    }
  } else if (frame.type === "lagged") {
    seq = frame.to;
  }
}

function follow() {
  const place = seq === null ? "" : `&epoch=${epoch}&after=${seq}`;
  const socket = new WebSocket(`ws://${address}/ws?lot=main${place}`, { headers: { Authorization: `Bearer ${token}` } });
  socket.on("open", () => (wait = BACKOFF_MIN_MS));
  socket.on("message", (text) => take(JSON.parse(text), socket));
  // What went wrong, the close that follows says.
  socket.on("error", () => {});
  socket.on("close", (code) => {
    if (code >= 4500 && code <= 4999) process.exit(1);
    setTimeout(follow, Math.random() * wait);
    wait = Math.min(wait * 2, BACKOFF_MAX_MS);
  });
}

follow();
