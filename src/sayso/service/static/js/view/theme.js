/** Dark or light: as the system has it until someone chooses. */

const KEPT = "sayso.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export const isDark = () =>
  (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

/** Turns to the other theme, and remembers it. */
export function turnTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // It lasts as long as the page, then.
  }
  dispatchEvent(new Event("themechange"));
}

system.addEventListener("change", () => dispatchEvent(new Event("themechange")));
