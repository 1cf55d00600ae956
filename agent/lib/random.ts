export { chanceOf, hash, type Random, seeded } from '@/core/lib/chance'

export const between = (chance: number, min: number, max: number): number => min + chance * (max - min)
