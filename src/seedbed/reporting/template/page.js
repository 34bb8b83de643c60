"use strict";
(() => {
  const root = document.documentElement, key = "seedbed-theme";
  const stored = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem(key, theme); } catch { /* a page from a file may not remember */ } };
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (stored()) root.dataset.theme = stored();
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    store(root.dataset.theme);
  });

  // The expressions of a chart are interpreted, not compiled, so that the page's policy can forbid eval.
  const options = { actions: false, renderer: "svg", ast: true, tooltip: { theme: "custom" } };
  const draw = async () => {
    for (const figure of document.querySelectorAll("figure")) {
      const spec = JSON.parse(figure.querySelector("script").textContent);
      await vegaEmbed(figure.querySelector(".chart"), spec, options);
    }
    root.dataset.drawn = "true";
  };
  draw().catch((error) => { root.dataset.drawn = "failed"; console.error(error); });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
})();
