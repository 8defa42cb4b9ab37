/** Exec and attach: conversations with processes. */

import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import type { Session, StreamOptions } from '../runtime.ts';
import { ask, askUnlessSo } from './engine.ts';
import { openSession, readExitCode } from './session.ts';

export class DockerStreams {
  readonly #docker: Dockerode;

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  /** Docker says only by its outputs that a process is over: both are asked for, whoever listens. */
  async exec(id: string, command: readonly string[], options: StreamOptions): Promise<Session> {
    const exec = await ask(
      this.#docker.getContainer(id).exec({
        Cmd: [...command],
        AttachStdin: options.stdin,
        AttachStdout: true,
        AttachStderr: true,
        Tty: options.tty,
      }),
    );
    const socket = await ask(exec.start({ hijack: true, stdin: true, Tty: options.tty }));
    return openSession(socket, options, {
      inputEnds: !options.tty,
      resize: (columns, rows) => ask(exec.resize({ w: columns, h: rows })),
      exitCode: (signal) => readExitCode(exec, signal),
    });
  }

  async attach(id: string, options: StreamOptions): Promise<Session> {
    const container = this.#docker.getContainer(id);
    const { Config: config } = await ask(container.inspect());
    // Nobody would ever take input for a container that has none.
    const stdin = options.stdin && config.OpenStdin;
    // With `hijack` it is a socket, which the types do not tell.
    const socket = (await ask(
      container.attach({ stream: true, stdin, stdout: true, stderr: true, hijack: true }),
    )) as Duplex;
    return openSession(
      socket,
      { ...options, stdin, tty: config.Tty },
      {
        inputEnds: config.StdinOnce === true && !config.Tty,
        resize: (columns, rows) => ask(container.resize({ w: columns, h: rows })),
        exitCode: async () => undefined,
        // Docker attaches to a container that has just ended too, and never ends that connection.
        processOver: (signal) => askUnlessSo(container.wait({ abortSignal: signal })),
      },
    );
  }
}
