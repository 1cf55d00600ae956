/** Repeatable random numbers: the same seed gives the same numbers. */
export type Random = () => number

/** FNV-1a, 32 bits; spreads names evenly enough to seed generators. */
export const hash = (...parts: (string | number)[]): number => {
  let h = 0x811c9dc5
  for (const char of parts.join('\u0000')) {
    h ^= char.codePointAt(0) ?? 0
    h = Math.imul(h, 0x01000193)
  }
  return h >>> 0
}

/** splitmix32; returns a generator of numbers in 0..1. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Returns a number in 0..1 that is always the same for the same names. */
export const chanceOf = (...parts: (string | number)[]): number => seeded(hash(...parts))()
