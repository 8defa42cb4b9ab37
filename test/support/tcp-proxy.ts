/** A TCP proxy between a client and a server whose connections a test can cut, hold up or refuse. */

import { once } from 'node:events';
import net from 'node:net';

export class TcpProxy {
  readonly #server: net.Server;
  readonly #pairs = new Set<readonly [net.Socket, net.Socket]>();
  #isRefusing = false;
  #isHolding = false;

  private constructor(targetPort: number) {
    this.#server = net.createServer((near) => {
      if (this.#isRefusing) {
        near.resetAndDestroy();
        return;
      }
      this.#connect(near, net.connect(targetPort, '127.0.0.1'));
    });
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Resets every connection that is open now. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Refuses new connections, or stops refusing them. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  /** Nothing the server says arrives any more (what clients say still does), or it does again. */
  holdAnswers(isHolding: boolean): void {
    this.#isHolding = isHolding;
    for (const [, far] of this.#pairs) isHolding ? far.pause() : far.resume();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #connect(near: net.Socket, far: net.Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.on('data', (chunk: Buffer) => far.write(chunk));
    far.on('data', (chunk: Buffer) => near.write(chunk));
    if (this.#isHolding) far.pause();
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.on('close', end);
      socket.on('error', end);
    }
  }
}
