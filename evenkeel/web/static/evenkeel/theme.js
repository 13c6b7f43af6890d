/*
 * Pages at the chair and the board are dark, for dim rooms. Where a room is bright, each device may be told to show them
 * light; it remembers. This runs before the page is drawn, so that no page flashes.
 */
(() => {
  const KEPT_AS = "evenkeel-screen";
  const root = document.documentElement;
  const shown = () => root.dataset.theme;

  function show(theme) {
    root.dataset.theme = theme;
    document.querySelector("meta[name=color-scheme]").content = theme;
  }

  function name(button) {
    button.textContent = shown() === "dark" ? "Light screen" : "Dark screen";
    button.hidden = false;
  }

  const kept = localStorage.getItem(KEPT_AS);
  if (kept === "light" || kept === "dark") show(kept);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    name(button);
    button.addEventListener("click", () => {
      show(shown() === "dark" ? "light" : "dark");
      localStorage.setItem(KEPT_AS, shown());
      name(button);
    });
  });
})();
