import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../../test/support/eventually.ts';
import { SpdyClient } from '../../../test/support/spdy-client.ts';
import { type Dial, forwardOverSpdy, forwardOverWebSocket } from './port-forward.ts';

const nothing = Buffer.alloc(0);

function spdyForward(dial: Dial) {
  const [near, far] = duplexPair();
  const client = new SpdyClient(near);
  const over = forwardOverSpdy({ socket: far, head: nothing }, dial);
  async function close(): Promise<void> {
    client.close();
    far.destroy();
    await over;
  }
  return { client, close };
}

async function openPair(client: SpdyClient, number: number, port = 80): Promise<{ errors: number; data: number }> {
  const headers = { port: String(port), requestid: String(number) };
  const errors = await client.open({ ...headers, streamtype: 'error' });
  client.end(errors);
  return { errors, data: await client.open({ ...headers, streamtype: 'data' }) };
}

describe('port-forward over SPDY', () => {
  it('carries connections without end, one after the other', async () => {
    const { client, close } = spdyForward(async () => {
      const [near, far] = duplexPair();
      far.pipe(far);
      return near;
    });
    for (let number = 0; number < 1_100; number += 1) {
      const { errors, data } = await openPair(client, number);
      client.send(data, Buffer.from('hello'), { isLast: true });
      await eventually('both streams end', () => client.of(data).at(-1)?.isLast && client.of(errors).at(-1)?.isLast, {
        everyMs: 0,
      });
      assert.equal(
        Buffer.concat(
          client
            .of(data)
            .filter(isData)
            .map(({ content }) => content),
        ).toString(),
        'hello',
      );
      client.frames.length = 0;
    }
    await close();
  });

  it('says why a port cannot be reached', async () => {
    const { client, close } = spdyForward(() => Promise.reject(new Error('nobody is there')));
    const { errors, data } = await openPair(client, 1, 81);
    const [said] = await eventually('an error', () => {
      const frames = client.of(errors).filter(({ type, content }) => type === 'data' && content.length > 0);
      return frames.length > 0 && frames;
    });
    assert.equal(said?.content.toString(), 'error forwarding port 81 to pod: nobody is there');
    await eventually('the end of the data', () => client.of(data).some(({ type }) => type === 'reset'));
    await close();
  });

  it('breaks the connection that breaks, without an error of forwarding', async () => {
    let target: Duplex | undefined;
    const { client, close } = spdyForward(async () => {
      [target] = duplexPair();
      return target;
    });
    const { errors, data } = await openPair(client, 1);
    await eventually('it is connected', () => target);
    target?.destroy(new Error('reset by peer'));
    await eventually('a reset', () => client.of(data).some(({ type }) => type === 'reset'));
    await eventually('the end of the errors', () => client.of(errors).at(-1)?.isLast);
    assert.deepEqual(
      client
        .of(errors)
        .filter(isData)
        .map(({ content }) => content.length),
      [0],
    );
    await close();
  });
});

const isData = ({ type }: { readonly type: string }): boolean => type === 'data';

describe('port-forward over WebSocket channels', () => {
  const server = http.createServer();
  const webSockets = new WebSocketServer({ server });
  let url: string;

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function connect(ports: readonly number[], dial: Dial) {
    const accepted = once(webSockets, 'connection') as Promise<[WebSocket]>;
    const client = new WebSocket(url);
    const channels = new Map<number, string>();
    client.on('message', (message: Buffer) => {
      const channel = message[0] ?? 0;
      channels.set(channel, (channels.get(channel) ?? '') + message.subarray(1).toString('latin1'));
    });
    const closed = once(client, 'close');
    const [socket] = await accepted;
    const over = forwardOverWebSocket(socket, ports, dial);
    return { client, channels, closed, over };
  }

  it('goes on until the last port is over', async () => {
    const targets = new Map<number, Duplex>();
    const { client, channels, closed, over } = await connect([80, 81, 9], async (port) => {
      if (port === 9) throw new Error('nobody is there');
      const [near, far] = duplexPair();
      targets.set(port, far);
      return near;
    });
    await eventually('two connections', () => targets.size === 2);
    targets.get(80)?.end('first');
    await eventually('the first has spoken', () => channels.get(0) === 'P\0first');
    assert.equal(channels.get(5), '\t\0error forwarding port 9 to pod: nobody is there');
    assert.equal(client.readyState, WebSocket.OPEN);
    client.send(Buffer.from('\x02question'));
    const [heard] = (await once(targets.get(81) ?? client, 'data')) as [Buffer];
    assert.equal(heard.toString(), 'question');
    targets.get(81)?.end('second');
    await closed;
    await over;
    assert.equal(channels.get(2), 'Q\0second');
  });

  it('hangs up on the pod when the caller does', async () => {
    const pod = net.createServer();
    pod.listen(0, '127.0.0.1');
    await once(pod, 'listening');
    const arrived = once(pod, 'connection') as Promise<[net.Socket]>;
    const { port } = pod.address() as AddressInfo;
    const { client, over } = await connect([port], async (number) => net.connect(number, '127.0.0.1'));
    const [socket] = await arrived;
    const closed = once(socket.resume(), 'close');
    client.terminate();
    await closed;
    await over;
    pod.close();
  });
});
