import http from 'node:http';
import net, {type AddressInfo, type Socket} from 'node:net';

export interface Proxy {
  url: string;
  /** What was asked of it, `api.test:443`, a line for each CONNECT. */
  tunnels: string[];
  /** Proxy-Authorization of each CONNECT. */
  passwords: (string | undefined)[];
  close(): Promise<void>;
}

/** A proxy that leads every CONNECT to `port` of the loopback, whatever name was asked for; or refuses with `code`; or, with 0, never answers. */
export async function proxy(port: number, code = 200): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = http.createServer();
  const found: Proxy = {
    url: '',
    tunnels: [],
    passwords: [],
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  server.on('connection', (socket) => {
    sockets.add(socket.unref());
    socket.on('error', () => socket.destroy());
  });
  server.on('connect', (request, socket) => {
    found.tunnels.push(request.url ?? '');
    found.passwords.push(request.headers['proxy-authorization']);
    if (code === 0) return;
    if (code !== 200) return void socket.end(`HTTP/1.1 ${code} No\r\n\r\n`);
    const upstream = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    sockets.add(upstream.unref());
  });
  server.unref();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  found.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return found;
}
