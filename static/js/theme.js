// Runs before the first paint: the colours chosen on an earlier visit. (A plain script, so that it does not wait.)
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing follows the system.
}
