/** The divider between two dates: moved by pointer on the picture, or by the slider with keys. */

export class Swipe {
  /** @param {HTMLElement} frame @param {HTMLElement} cut @param {HTMLElement} divider @param {HTMLInputElement} slider @param {HTMLElement} told */
  constructor(frame, cut, divider, slider, told) {
    Object.assign(this, { frame, cut, divider, slider, told });
    this.frame = frame;
    this.cut = cut;
    this.divider = divider;
    this.slider = slider;
    this.told = told;
    let down = false;
    const follow = (/** @type {PointerEvent} */ event) => {
      const box = frame.getBoundingClientRect();
      slider.value = String(Math.round((100 * (event.clientX - box.left)) / box.width));
      this.show();
    };
    frame.addEventListener("pointerdown", (event) => {
      down = true;
      frame.setPointerCapture(event.pointerId);
      follow(event);
    });
    frame.addEventListener("pointermove", (event) => down && follow(event));
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { down = false; });
    slider.addEventListener("input", () => this.show());
    this.show();
  }

  /** Left of the divider is the earlier date. */
  show() {
    const share = Number(this.slider.value);
    this.cut.style.clipPath = `inset(0 ${100 - share}% 0 0)`;
    this.divider.style.left = `${share}%`;
    this.told.textContent = `${share} %`;
  }
}
