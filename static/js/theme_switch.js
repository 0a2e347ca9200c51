// Switches between light and dark colours, and remembers the choice.

export const place = "[data-theme-switch]";

export function start(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

  const tell = () => button.setAttribute("aria-label", isDark() ? button.dataset.toLight : button.dataset.toDark);

  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Then it lasts for this page.
    }
    tell();
  });
  system.addEventListener("change", tell);
  tell();
  button.hidden = false;
}
