/** CONTRACT: a socket of the proxy's own that passes on what arrives. */

export interface ListenerAddress {
  readonly address: string;
  readonly port: number;
}

export interface Listener {
  /** The balancer was given other endpoints. */
  endpointsChanged(): void;
  /** Takes no new clients; those it has go on. */
  close(): Promise<void>;
  /** Ends everything at once. */
  abort(): Promise<void>;
}
