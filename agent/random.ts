export { chanceOf, hash, type Random, seeded } from '@/server/domain/chance'

export const between = (chance: number, min: number, max: number): number => min + chance * (max - min)
