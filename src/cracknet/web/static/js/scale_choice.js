/** Fields of the ways to a scale: only those of the chosen way are shown. */

/**
 * @param {HTMLSelectElement} select
 * @param {HTMLElement} form its labels name their ways in data-scale
 */
export function showFields(select, form) {
  const show = () => {
    for (const label of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-scale]"))) {
      label.hidden = !(label.dataset.scale ?? "").split(" ").includes(select.value);
    }
  };
  select.addEventListener("change", show);
  show();
  return show;
}
