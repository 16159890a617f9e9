import { drawBars } from "../../explorers/shared/charts.js";
import { explore } from "../../explorers/shared/explore.js";

export default explore({
  stage: "Bars. Arrow keys choose one.",
  hint: "",
  derive: (state, { powers }) => ({ ...state, powers }),
  describe: ({ powers, chosen, exponent }) => ({
    sentence: `${chosen} to the power of ${exponent} is ${powers[chosen]}.`,
    lines: {},
    pictures: { bars: `Powers: ${powers.join(", ")}.` },
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
  },
  actions: {
    choose: { keys: { ArrowLeft: -1, ArrowRight: 1 }, help: ["← →", "choose a number"], steps: "chosen" },
    raise: { keys: { e: 1, "Shift+e": -1 }, help: ["E", "raise"], steps: "exponent" },
  },
});
