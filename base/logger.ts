/** Structured logs (winston): a constant message and named fields, one line each. Never a secret. */

import { chmodSync, existsSync } from 'node:fs';
import winston from 'winston';

export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  /** A logger that adds `fields` to every line. */
  child(fields: object): Logger;
}

export interface LoggerOptions {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format?: 'json' | 'text';
  /** A file to append to instead of standard error. */
  readonly file?: string;
}

const text = winston.format.printf(({ level, message, timestamp, ...fields }) => {
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${String(timestamp)} ${level.padEnd(5)} ${String(message)}${rest.join('')}`;
});

/** Errors as fields: their message and, below debug, not their stack. */
const errors = winston.format((info) => {
  for (const [name, value] of Object.entries(info)) {
    if (value instanceof Error)
      info[name] = value.cause instanceof Error ? `${value.message}: ${value.cause.message}` : value.message;
  }
  return info;
});

/** A log file that has grown so far becomes `<name>1.log`, and so on; the oldest goes. */
const maxFileBytes = 20 << 20;
const privateFileMode = 0o600;

export function createLogger(component: string, options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'text', file } = options;
  const logger = winston.createLogger({
    level: level === 'silent' ? 'error' : level,
    silent: level === 'silent',
    format: winston.format.combine(
      errors(),
      winston.format.timestamp(),
      format === 'json' ? winston.format.json() : text,
    ),
    transports: [
      file === undefined
        ? new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })
        : logFile(file),
    ],
  });
  // Below its level winston makes a record all the same, and throws it away: too dear for each request.
  if (!logger.isDebugEnabled()) logger.debug = () => logger;
  // Not as winston's defaultMeta, which would win over what a child says.
  return logger.child({ component });
}

/** Its owner's alone: objects' names and what users ask for are not for every user of the machine. */
function logFile(filename: string): winston.transports.FileTransportInstance {
  if (existsSync(filename)) chmodSync(filename, privateFileMode); // by a version that did not care
  const options = { flags: 'a', mode: privateFileMode };
  return new winston.transports.File({ filename, maxsize: maxFileBytes, maxFiles: 3, tailable: true, options });
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
