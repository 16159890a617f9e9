// Light or dark, the colours to draw with, and whether the reader prefers stillness.
import PALETTE from "./palette.json";

// JupyterLab's variables where there are any; else these, by the reader's light or dark preference.
const TOKENS = {
  paper: ["--jp-layout-color0", "#ffffff", "#14171a"],
  ink: ["--jp-content-font-color1", "#1f2328", "#e6e8ea"],
  quiet: ["--jp-content-font-color2", "#5c646c", "#a2abb4"],
  line: ["--jp-border-color2", "#d4d8dd", "#3a4047"],
  accent: ["--jp-brand-color1", "#1565c0", "#64b5f6"],
};

/** One of the colours that figures share; 3:1 against white and against dark paper, so that any mark may have it.
 *
 * Two things must never differ by colour alone: give a number or a marker shape as well.
 */
export const hue = (i) => PALETTE[i % PALETTE.length];

/** The colours to draw with at this moment; the same ones become CSS variables on `el`. */
export function readTheme(el) {
  // A page in a frame follows the page around it.
  const styles = [el, window.frameElement ?? el].map((element) => getComputedStyle(element));
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = { font: styles[0].fontFamily };
  for (const [name, [variable, light, dark]] of Object.entries(TOKENS)) {
    const given = styles.map((style) => style.getPropertyValue(variable).trim()).find(Boolean);
    theme[name] = given ?? (prefersDark ? dark : light);
    el.style.setProperty(`--explorer-${name}`, theme[name]);
  }
  theme.dark = luminance(theme.paper) < 0.5;
  theme.alert = theme.dark ? "#ff8a50" : "#c04a00"; // vermilion, shifted until text in it is legible
  el.style.setProperty("--explorer-alert", theme.alert);
  el.style.colorScheme = theme.dark ? "dark" : "light";
  return theme;
}

/** Call `callback` whenever the notebook's or the system's theme changes. Returns the way to stop it. */
export function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  const attributes = {
    attributes: true,
    attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class", "style"],
  };
  observer.observe(document.body, attributes);
  observer.observe(document.documentElement, attributes);
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    query.removeEventListener("change", callback);
  };
}

export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function luminance(color) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
