// A room by path on ws: PORT is the argument, and "json" behind it reads and words each message as JSON, as a chat does.
const { WebSocketServer } = require("ws");

const rooms = new Map();
const json = process.argv[3] === "json";
let seq = 0;

function told(data) {
  if (!json) return data;
  const said = JSON.parse(data);
  seq += 1;
  return JSON.stringify({ type: "message", room: said.room, seq, ts: Date.now(), user: "somebody", text: said.text });
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096, perMessageDeflate: false });
server.on("connection", (socket, request) => {
  if (!rooms.has(request.url)) rooms.set(request.url, new Set());
  const room = rooms.get(request.url);
  room.add(socket);
  socket.on("message", (data) => {
    const text = told(data);
    for (const each of room) each.send(text, { binary: false });
  });
  socket.on("close", () => room.delete(socket));
});
