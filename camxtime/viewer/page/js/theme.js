// Runs before the first paint, so that the page never flashes in the other theme. A classic script for that reason.
(function () {
  "use strict";
  const key = "camxtime-theme";
  const order = ["system", "light", "dark"];
  const root = document.documentElement;

  function stored() {
    try {
      const value = localStorage.getItem(key);
      return order.includes(value) ? value : "system";
    } catch {
      return "system"; // storage may be forbidden; the page works without
    }
  }

  function apply(theme) {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    const button = document.getElementById("theme");
    if (button) {
      button.textContent = theme[0].toUpperCase() + theme.slice(1);
      button.setAttribute("aria-label", `Theme: ${theme}. Change it`);
    }
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    apply(stored());
    document.getElementById("theme").addEventListener("click", () => {
      const next = order[(order.indexOf(stored()) + 1) % order.length];
      try {
        localStorage.setItem(key, next);
      } catch {
        // not kept: the choice holds until the page is left
      }
      apply(next);
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(stored()));
})();
