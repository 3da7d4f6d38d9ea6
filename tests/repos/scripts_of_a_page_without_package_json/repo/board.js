export function step(cells) {
  return cells.map((alive, n) => alive !== cells[(n + 1) % cells.length]);
}
