/**
 * Unix sockets that outlive their process: a process that dies by a signal, a full disk or a power cut leaves the file behind,
 * and nobody can listen there until it is gone.
 */

import { unlink } from 'node:fs/promises';
import net from 'node:net';
import { errorCode } from '../base/error-text.ts';

/** Removes the socket unless a process listens on it: false says that one does. What is not there is free. */
export async function freeSocket(path: string): Promise<boolean> {
  const answer = await knock(path);
  if (answer === 'open') return false;
  if (answer === 'ECONNREFUSED') await unlinkIfPresent(path);
  return true;
}

/** `open`, or the code with which the kernel says no. */
function knock(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('open');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function unlinkIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
