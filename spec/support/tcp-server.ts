import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpServer {
  readonly port: number;
  close(): void;
}

/** A port that takes connections and does with them what `onSocket` does: nothing by default. */
export async function startTcpServer(
  onSocket: (socket: Socket) => void = () => undefined,
): Promise<TcpServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
