/**
 * Well-known regions and the round-trip times between them. A region may have any other name; its latencies are then
 * measured or estimated from the coordinates of its nodes.
 */
import { memoized } from './memo'
import type { LocalityFact, MeasuredLatency } from './types'

/** Degrees; north and east are positive. */
export interface Coordinates {
  latitude: number
  longitude: number
}

interface Region {
  name: string
  /** The city or area that its latencies stand for. */
  place: string
  coordinates: Coordinates
  /** Other providers' names for the same place; a node with one of them is in this region. */
  aliases: readonly string[]
}

const region = (name: string, place: string, at: readonly [number, number], aliases: readonly string[]): Region => ({
  name,
  place,
  coordinates: { latitude: at[0], longitude: at[1] },
  aliases,
})

export const regions: readonly Region[] = [
  region('us-east', 'Northern Virginia', [38.95, -77.45], ['us-east-1', 'us-east4', 'eastus', 'eastus2', 'iad']),
  region('us-central', 'Iowa', [41.59, -93.62], ['us-central-1', 'us-central1', 'centralus', 'dsm']),
  region('us-west', 'Oregon', [45.6, -121.18], ['us-west-2', 'us-west1', 'pdx']),
  region('ca-central', 'Montreal', [45.5, -73.57], ['ca-central-1', 'northamerica-northeast1', 'canadaeast', 'yul']),
  region('eu-west', 'Dublin', [53.35, -6.26], ['eu-west-1', 'northeurope', 'dub']),
  region('eu-central', 'Frankfurt', [50.11, 8.68], ['eu-central-1', 'europe-west3', 'germanywestcentral', 'fra']),
  region('eu-north', 'Stockholm', [59.33, 18.07], ['eu-north-1', 'arn']),
  region('ap-south', 'Mumbai', [19.08, 72.88], ['ap-south-1', 'asia-south1', 'westindia', 'bom']),
  region('ap-southeast', 'Singapore', [1.35, 103.82], ['ap-southeast-1', 'asia-southeast1', 'southeastasia', 'sin']),
  region('ap-northeast', 'Tokyo', [35.68, 139.69], ['ap-northeast-1', 'asia-northeast1', 'japaneast', 'nrt']),
  region('au-east', 'Sydney', [-33.87, 151.21], ['ap-southeast-2', 'australia-southeast1', 'australiaeast', 'syd']),
  region('sa-east', 'São Paulo', [-23.55, -46.63], ['sa-east-1', 'southamerica-east1', 'brazilsouth', 'gru']),
  region('af-south', 'Cape Town', [-33.92, 18.42], ['af-south-1', 'southafricawest', 'cpt']),
  // The latency table below has no rows for these regions, only their coordinates are known.
  region('uk-south', 'London', [51.51, -0.13], ['eu-west-2', 'europe-west2', 'uksouth', 'lhr']),
  region('fr-central', 'Paris', [48.86, 2.35], ['eu-west-3', 'europe-west9', 'francecentral', 'cdg']),
  region('eu-south', 'Milan', [45.46, 9.19], ['eu-south-1', 'europe-west8', 'italynorth', 'mxp']),
  region('us-south', 'Dallas', [32.78, -96.8], ['us-south1', 'dfw']),
  region('ap-east', 'Hong Kong', [22.32, 114.17], ['ap-east-1', 'asia-east2', 'eastasia', 'hkg']),
  region('me-central', 'Dubai', [25.2, 55.27], ['me-central-1', 'uaenorth', 'dxb']),
]

/**
 * Round-trip times in milliseconds between the main regions: typical medians of the public internet between large data
 * centres, rounded. They are defaults until somebody measures. Each row lists the latencies to the rows before it.
 */
const table: readonly (readonly [string, readonly number[]])[] = [
  ['us-east', []],
  ['us-central', [28]],
  ['us-west', [63, 38]],
  ['ca-central', [15, 27, 60]],
  ['eu-west', [68, 90, 125, 70]],
  ['eu-central', [92, 110, 145, 93, 25]],
  ['eu-north', [112, 128, 160, 110, 40, 22]],
  ['ap-south', [195, 215, 220, 195, 122, 125, 142]],
  ['ap-southeast', [220, 195, 165, 215, 175, 160, 178, 60]],
  ['ap-northeast', [150, 130, 98, 145, 205, 225, 245, 130, 70]],
  ['au-east', [200, 175, 140, 198, 255, 250, 270, 150, 92, 105]],
  ['sa-east', [115, 140, 175, 125, 177, 203, 215, 300, 325, 255, 310]],
  ['af-south', [225, 250, 280, 225, 158, 155, 175, 275, 320, 355, 405, 335]],
]

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`)
const tabled = new Map(
  table.flatMap(([name, row]) => row.map((ms, index) => [pair(name, table[index]?.[0] ?? name), ms] as const)),
)
const byName = new Map(regions.flatMap((one) => [one.name, ...one.aliases].map((name) => [name, one] as const)))

/** Returns the canonical name of a region: the well-known name for an alias, any other name in lower case. */
export const canonicalRegion = memoized((name): string => {
  const plain = name.trim().toLowerCase()
  return byName.get(plain)?.name ?? plain
})

/** Returns the coordinates of a well-known region; null for any other. */
export const regionCoordinates = (name: string): Coordinates | null =>
  byName.get(name.trim().toLowerCase())?.coordinates ?? null

/** Returns the built-in round-trip time in milliseconds; null when the table does not have the pair. */
export const tableLatencyMs = (from: string, to: string): number | null =>
  tabled.get(pair(canonicalRegion(from), canonicalRegion(to))) ?? null

const earthRadiusKm = 6371
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Great-circle distance (haversine). */
export function distanceKm(a: Coordinates, b: Coordinates): number {
  const halfLatitude = Math.sin(radians(b.latitude - a.latitude) / 2)
  const halfLongitude = Math.sin(radians(b.longitude - a.longitude) / 2)
  const chord =
    halfLatitude * halfLatitude +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * halfLongitude * halfLongitude
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}

/** Light in fibre travels 200 km in a millisecond, so 100 km of distance take one millisecond there and back. */
const kmPerRoundTripMs = 100
/** Factor for cable detours and routers: the median over the table above (a test checks this). */
export const pathFactor = 1.65

/** Estimated round-trip time in milliseconds, rounded to a tenth. */
export const estimatedLatencyMs = (a: Coordinates, b: Coordinates): number =>
  Math.round((distanceKm(a, b) / kmPerRoundTripMs) * pathFactor * 10) / 10

/** A round-trip time with its source. `latencyMs` is null within one region, and when it is unknown. */
interface Latency {
  latencyMs: number | null
  source: Exclude<LocalityFact['source'], 'no region asked'>
}

/** Returns the measured latency: in the given direction, else in the other one; the smallest of several. */
function measuredLatencyMs(from: string, to: string, measured: readonly MeasuredLatency[]): number | null {
  let there: number | null = null
  let back: number | null = null
  for (const one of measured) {
    const start = canonicalRegion(one.fromRegion)
    const end = canonicalRegion(one.toRegion)
    if (start === from && end === to) there = Math.min(there ?? Number.POSITIVE_INFINITY, one.latencyMs)
    else if (start === to && end === from) back = Math.min(back ?? Number.POSITIVE_INFINITY, one.latencyMs)
  }
  return there ?? back
}

/**
 * Returns the round-trip time between two regions from the best source: a measurement, else the table, else the
 * distance between the coordinates, else unknown.
 */
export function latencyBetween(input: {
  from: string
  to: string
  measured: readonly MeasuredLatency[]
  coordinates: { from: Coordinates | null; to: Coordinates | null }
}): Latency {
  const from = canonicalRegion(input.from)
  const to = canonicalRegion(input.to)
  if (from === to) return { latencyMs: null, source: 'same region' }
  const measuredMs = measuredLatencyMs(from, to, input.measured)
  if (measuredMs !== null) return { latencyMs: measuredMs, source: 'measured' }
  const tableMs = tableLatencyMs(from, to)
  if (tableMs !== null) return { latencyMs: tableMs, source: 'table' }
  const ends = input.coordinates
  if (ends.from && ends.to) return { latencyMs: estimatedLatencyMs(ends.from, ends.to), source: 'coordinates' }
  return { latencyMs: null, source: 'unknown' }
}
