// The other end of a Port between processes, steered line by line through its standard input and output.
import { createInterface } from 'node:readline';
import { parentPort } from '../../main/transport/process.ts';

const port = parentPort();
const tell = (said: object) => process.stdout.write(`${JSON.stringify(said)}\n`);

port.onMessage((message) => tell({ message }));
port.onClose(({ kind }) => {
  tell({ closed: kind });
  // What was told must be read before this process may go.
  setTimeout(() => process.exit(), 50);
});
createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as { send?: unknown; close?: true };
  if (order.close) port.close();
  else port.send(order.send);
});
