// A shell by the npm package `ssm-session`, as its README uses it: a terminal of 100 columns and 30 rows.
//
// Its first line of input is what StartSession answered, as JSON; every further line is typed, with a carriage return.
// What the session shows is printed. It ends when the server closes the connection.
import { createInterface } from 'node:readline';

import { ssm } from 'ssm-session';
import WebSocket from 'ws';

const SIZE = { cols: 100, rows: 30 };
const OUTPUT = 1;
const SIZE_WANTED = 17;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const session = JSON.parse((await lines.next()).value);

const socket = new WebSocket(session.StreamUrl);
socket.binaryType = 'arraybuffer';
socket.onopen = async () => {
  ssm.init(socket, { token: session.TokenValue, termOptions: SIZE });
  for await (const line of lines) {
    ssm.sendText(socket, new TextEncoder().encode(`${line}\r`));
  }
};
socket.onmessage = ({ data }) => {
  const message = ssm.decode(data);
  ssm.sendACK(socket, message);
  if (message.payloadType === OUTPUT) {
    process.stdout.write(Buffer.from(message.payload));
  } else if (message.payloadType === SIZE_WANTED) {
    ssm.sendInitMessage(socket, SIZE);
  }
};
socket.onclose = () => process.exit();
