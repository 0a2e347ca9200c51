// Shows the value of a slider beside it while it moves.

export const place = "[data-live-value]";

export function start(output) {
  const slider = document.getElementById(output.htmlFor);
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  const isShare = Number(slider.min) === 0 && [1, 1.5].includes(Number(slider.max));

  const show = () => {
    output.textContent = isShare ? percent.format(slider.value) : slider.value;
  };
  slider.addEventListener("input", show);
  show();
}
