// Runs before anything is drawn, so that no page flashes in the colours of the other theme.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("sayso.theme");
  } catch {
    // A browser that keeps nothing follows the system.
  }
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
})();
