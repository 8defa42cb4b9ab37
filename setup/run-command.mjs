/**
 * Commands that setting up calls. They end with the process that called them, and what writes into the checkout (npm,
 * the compiler) does so for one process at a time. Plain JavaScript without dependencies.
 */

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';

/** @type {readonly NodeJS.Signals[]} */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What a command that was told to end has left before it is killed. */
const graceMs = 10_000;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [lock]
 * @property {boolean} [endsByItself]
 * @property {() => void} [onSlow]
 * @property {number} [slowMs]
 *
 * @typedef {object} RunResult
 * @property {boolean} ok
 * @property {string} output
 */

/**
 * Runs a command to its end; resolves with whether it succeeded, and what it wrote. When this process is told to stop,
 * the command and all that it started are ended first, then this process ends with the signal's exit code.
 *
 * - `lock`: a descriptor that the command keeps open, so that a lock on it lasts as long as the command does, whatever
 *   becomes of this process;
 * - `endsByItself`: it is asked by SIGINT, alone, and waited for: apt-get, which must not lose its dpkg midway;
 * - `onSlow`: called every `slowMs` (30 s) while it runs.
 *
 * @param {string} command
 * @param {readonly string[]} arguments_
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function tryRun(command, arguments_, options = {}) {
  const { cwd, env = process.env, lock, endsByItself = false, onSlow, slowMs = 30_000 } = options;
  return new Promise((resolve) => {
    /** @type {import('node:child_process').StdioOptions} */
    const stdio = ['ignore', 'pipe', 'pipe', ...(lock === undefined ? [] : [lock])];
    let output = '';
    /** @type {NodeJS.Signals | undefined} */
    let stoppedBy;
    /** @type {NodeJS.Timeout | undefined} */
    let killTimer;
    const stop = (/** @type {NodeJS.Signals} */ signal) => {
      stoppedBy ??= signal;
      if (endsByItself) send(child.pid, 'SIGINT');
      else if (killTimer !== undefined) sendToGroup(child.pid, 'SIGKILL');
      else {
        sendToGroup(child.pid, 'SIGTERM');
        killTimer = setTimeout(() => sendToGroup(child.pid, 'SIGKILL'), graceMs);
      }
    };
    // Before the command starts: a signal that came between the two would leave it behind.
    for (const signal of stopSignals) process.on(signal, stop);
    // A group of its own, to be ended whole: npm does not end what it started.
    const child = spawn(command, arguments_, { cwd, env, stdio, detached: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-1_000_000);
      });
    }
    const slowTimer = onSlow && setInterval(onSlow, slowMs);
    const finish = (/** @type {RunResult} */ result) => {
      clearInterval(slowTimer);
      clearTimeout(killTimer);
      for (const signal of stopSignals) process.off(signal, stop);
      if (stoppedBy !== undefined) {
        if (!endsByItself) sendToGroup(child.pid, 'SIGKILL'); // what did not listen
        process.exit(128 + constants.signals[stoppedBy]);
      }
      resolve(result);
    };
    child.once('error', (error) => finish({ ok: false, output: error.message }));
    child.once('close', (status) => finish({ ok: status === 0, output }));
  });
}

/**
 * @param {number | undefined} pid undefined: it never began
 * @param {NodeJS.Signals} signal
 */
const sendToGroup = (pid, signal) => send(pid && -pid, signal);

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function send(pid, signal) {
  try {
    if (pid) process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}

/**
 * Calls `work` while no other process does for the same folder; it is given the descriptor of the lock, for commands
 * that write there. The kernel gives the lock back, so that none is left by a process that was killed.
 *
 * @template T
 * @param {string} folder
 * @param {{ onWait: () => void, work: (lock: number) => Promise<T> }} does
 * @returns {Promise<T>}
 */
export async function alone(folder, { onWait, work }) {
  const lock = openSync(folder, 'r');
  try {
    const { ok, output } = await flock(lock, ['--nonblock']);
    // Where there is no flock (it is in every Debian), nobody waits for anybody.
    if (!ok && output === '') {
      onWait();
      await flock(lock, []);
    }
    return await work(lock);
  } finally {
    closeSync(lock);
  }
}

/**
 * flock(1) locks what it inherits, so that the lock stays when it has ended. Place 3 is the first behind stderr.
 *
 * @param {number} lock
 * @param {readonly string[]} flags
 */
const flock = (lock, flags) => tryRun('flock', ['--exclusive', ...flags, '3'], { lock });
