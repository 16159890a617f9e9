// What a reader can do in several explorers.

import { drawnArray } from "./numbers.js";

/** Draw the numbers of an array anew: `numbersFrom(seed)` gives the function that draws them. */
export const redrawing = (name, what, numbersFrom) => ({
  redraw: {
    keys: { r: null },
    help: ["R", `redraw ${what}`],
    buttons: { [`Redraw ${what}`]: null },
    eased: name,
    run: ({ seed, [name]: array }) => ({
      seed: seed + 1,
      [name]: drawnArray(array.shape, numbersFrom(seed + 1)),
    }),
  },
});
