/** How many seats a level wants, over time: in use and waited for. */

/** Of the last demand, this much stays each time. As upstream. */
const smoothing = 0.977;

/** Invariants: what is integrated goes to `#since`; `take` begins anew. */
export class DemandMeter {
  #seats = 0;
  #since: number;
  #begun: number;
  #sum = 0;
  #sumOfSquares = 0;
  #high = 0;
  #smooth = 0;

  constructor(now: number) {
    this.#since = now;
    this.#begun = now;
  }

  set(seats: number, now: number): void {
    const elapsed = now - this.#since;
    this.#sum += this.#seats * elapsed;
    this.#sumOfSquares += this.#seats * this.#seats * elapsed;
    this.#since = now;
    this.#seats = seats;
    if (seats > this.#high) this.#high = seats;
  }

  /** Of the time since the last call. */
  take(now: number): { readonly high: number; readonly smooth: number } {
    this.set(this.#seats, now);
    const elapsed = now - this.#begun;
    const mean = elapsed > 0 ? this.#sum / elapsed : this.#seats;
    const variance = elapsed > 0 ? this.#sumOfSquares / elapsed - mean * mean : 0;
    const envelope = Math.min(this.#high, mean + Math.sqrt(Math.max(0, variance)));
    this.#smooth = Math.max(envelope, smoothing * this.#smooth + (1 - smoothing) * envelope);
    const high = this.#high;
    this.#begun = now;
    this.#sum = 0;
    this.#sumOfSquares = 0;
    this.#high = this.#seats;
    return { high, smooth: this.#smooth };
  }
}
