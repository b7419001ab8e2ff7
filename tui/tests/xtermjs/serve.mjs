// A terminal in a browser: serves a page with xterm.js, and ties it to a command on a pseudo terminal. Ends when its standard input does.
//   node serve.mjs FOLDER-OF-node_modules COLUMNSxROWS COMMAND
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [modules, size, command] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${modules}/`)('ws');
const [columns, rows] = size.split('x');
const page = readFileSync(fileURLToPath(new URL('page.html', import.meta.url)), 'utf8');
const files = {
  '/': ['text/html', page.replace('COLUMNS', columns).replace('ROWS', rows)],
  '/xterm.mjs': ['text/javascript', readFileSync(`${modules}/@xterm/xterm/lib/xterm.mjs`)],
  '/addon-image.mjs': ['text/javascript', readFileSync(`${modules}/@xterm/addon-image/lib/addon-image.mjs`)],
  '/xterm.css': ['text/css', readFileSync(`${modules}/@xterm/xterm/css/xterm.css`)],
};

const server = createServer((request, response) => {
  const [type, body] = files[request.url] ?? [];
  response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(body);
});

let shell;
new WebSocketServer({ server }).on('connection', (socket) => {
  // `script` is the pseudo terminal: nothing has to be compiled for it.
  shell = spawn('script', ['-qefc', `stty cols ${columns} rows ${rows}; ${command}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color' },
  });
  shell.stdout.on('data', (bytes) => socket.send(bytes));
  socket.on('message', (bytes) => shell.stdin.write(bytes));
  shell.stdin.on('error', () => {});
});

process.stdin.on('end', () => {
  shell?.kill('SIGTERM');
  process.exit();
});
process.stdin.resume();
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
