// Light, dark, or as the system; public/theme.js sets what was remembered before the first paint.
export type Theme = "light" | "dark" | "system";

const KEY = "theme";

export function theme(): Theme {
  const set = document.documentElement.dataset.theme;
  return set === "light" || set === "dark" ? set : "system";
}

export function setTheme(next: Theme): void {
  const { dataset } = document.documentElement;
  if (next === "system") delete dataset.theme;
  else dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It is not remembered then.
  }
}
