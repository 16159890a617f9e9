import { drawBars, drawKey } from "../../explorers/shared/charts.js";
import { explore } from "../../explorers/shared/explore.js";

export default explore({
  stage: "Bars. Arrow keys choose one.",
  hint: "",
  derive: (state, { powers }) => ({ ...state, powers }),
  describe: ({ powers, chosen, exponent }) => ({
    sentence: `${chosen} to the power of ${exponent} is ${powers[chosen]}.`,
    lines: {},
    pictures: { bars: `Powers: ${powers.join(", ")}.`, key: "No marks." },
  }),
  draw: {
    bars: {
      height: (width) => 0.5 * width,
      paint: (picture, { powers, chosen }) => {
        const { accent } = picture.theme;
        const bars = Array.from(powers, (value, i) => ({
          value,
          text: value,
          name: i,
          color: accent,
          strong: i === chosen,
        }));
        drawBars(picture, bars, {});
      },
    },
    key: { height: () => 1, paint: (picture) => drawKey(picture, []) },
  },
  actions: {
    choose: {
      keys: { ArrowLeft: -1, ArrowRight: 1 },
      help: ["← →", "choose a number"],
      run: ({ chosen }, step) => ({ chosen: Math.min(10, Math.max(0, chosen + step)) }),
    },
    raise: {
      keys: { e: 1, "Shift+e": -1 },
      help: ["E", "raise"],
      run: ({ exponent }, by) => ({ exponent: exponent + by }),
    },
  },
});
