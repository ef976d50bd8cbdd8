// Scrolling to a part of the page: smoothly, unless the system asks for no motion.

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

export function reveal(element: Element, block: "start" | "center" = "start"): void {
  element.scrollIntoView({ block, behavior: reduced.matches ? "instant" : "smooth" });
}
