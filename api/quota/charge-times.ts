/** How long a charge may be ahead of the object that it was made for. Agreed between API server and controller. */

/** A write that is refused gives back what it was granted within this time, or leaves it to the controller. */
export const giveBackMs = 5_000;

/** A charge without its object is taken for lost after this time: much longer than a write takes to be seen. */
export const lostChargeMs = 10_000;
