/** The colour that a token has now, as the browser resolved it, for drawing on a canvas. */
export function tokenColour(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
