/** Positions of the cells of a map. Pure; lengths are CSS pixels. */
export interface Grid {
  count: number
  columns: number
  /** The distance from one cell to the next. */
  pitch: number
  width: number
  height: number
}

/** Few nodes get large cells, many get small ones; on touch screens never too small to tap. */
export const pitchFor = (count: number, coarse: boolean): number => {
  const pitch = count <= 100 ? 28 : count <= 1000 ? 18 : 12
  return coarse ? Math.max(pitch, 20) : pitch
}

export function gridFor(count: number, pitch: number, width: number): Grid {
  const columns = Math.max(1, Math.floor(width / pitch))
  return {
    ...{ count, columns, pitch },
    width: Math.min(count, columns) * pitch,
    height: Math.ceil(count / columns) * pitch,
  }
}

export const placeOf = ({ columns, pitch }: Grid, index: number): { left: number; top: number } => ({
  left: (index % columns) * pitch,
  top: Math.floor(index / columns) * pitch,
})

/** The cell at a point; null outside the cells. */
export function cellAt({ columns, pitch, count }: Grid, x: number, y: number): number | null {
  const column = Math.floor(x / pitch)
  const index = Math.floor(y / pitch) * columns + column
  return x < 0 || y < 0 || column >= columns || index >= count ? null : index
}

/** The target of a key from a cell; null for keys without one. Movement does not wrap around. */
export function stepFrom({ columns, count }: Grid, index: number, key: string): number | null {
  const within = (next: number): number => (next < 0 || next >= count ? index : next)
  switch (key) {
    case 'ArrowRight':
      return within(index + 1)
    case 'ArrowLeft':
      return within(index - 1)
    case 'ArrowDown':
      return within(index + columns)
    case 'ArrowUp':
      return within(index - columns)
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return null
  }
}
