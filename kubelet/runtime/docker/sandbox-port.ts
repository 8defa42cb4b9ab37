/** Connections into a sandbox: by its address, or from inside its network namespace where only loopback listens. */

import { spawn } from 'node:child_process';
import net from 'node:net';
import { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { errorCode } from '../../../base/error-text.ts';
import { RuntimeError } from '../runtime.ts';
import { ask } from './engine.ts';

const connectTimeoutMs = 5_000;
/** What the joiner says first when it is connected. */
const connected = 'connected';
/** Joins a connection with its own standard streams; it runs inside the namespace, and speaks on standard error. */
const joiner = `const s=require('net').connect(Number(process.argv[1]),'127.0.0.1');
s.on('error',(e)=>{process.stderr.write(e.message);process.exit(1)});
s.on('connect',()=>{process.stderr.write('${connected}');process.stdin.pipe(s);s.pipe(process.stdout)});s.on('close',()=>process.exit(0));`;

export async function openSandboxPort(docker: Dockerode, sandboxId: string, port: number): Promise<Duplex> {
  const {
    State: state,
    NetworkSettings: settings,
    HostConfig: config,
  } = await ask(docker.getContainer(sandboxId).inspect());
  if (!state.Running) throw new RuntimeError('NotFound', 'the pod does not run');
  const ip = config.NetworkMode === 'host' ? '127.0.0.1' : Object.values(settings.Networks)[0]?.IPAddress;
  try {
    return await connect(ip ?? '', port);
  } catch (error) {
    if (errorCode(error) !== 'ECONNREFUSED' || config.NetworkMode === 'host') throw error;
    return await connectInside(state.Pid, port);
  }
}

function connect(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, allowHalfOpen: true });
    socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error(`no answer from port ${port}`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

async function connectInside(pid: number, port: number): Promise<Duplex> {
  const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', joiner, String(port)], {
    stdio: 'pipe',
  });
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  duplex.on('close', () => child.kill());
  duplex.on('error', () => {}); // whoever has it hears of it too
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      reject(error);
      duplex.destroy(error);
    };
    child.on('error', fail);
    child.on('exit', () => reject(new Error(`port ${port} cannot be reached from inside`)));
    child.stderr.on('data', (words: Buffer) => {
      if (words.toString() === connected) resolve(duplex);
      else fail(new Error(words.toString()));
    });
  });
}
