const hour = 3_600_000

/** The time spans that the scrubber can show; null is all of the history. */
export const spans = {
  '15m': { label: '15 min', ms: hour / 4 },
  '1h': { label: '1 h', ms: hour },
  '6h': { label: '6 h', ms: 6 * hour },
  '1d': { label: '1 day', ms: 24 * hour },
  '7d': { label: '7 days', ms: 7 * 24 * hour },
  all: { label: 'All', ms: null },
} as const

export type Span = keyof typeof spans
export const spanNames = ['15m', '1h', '6h', '1d', '7d', 'all'] as const satisfies readonly Span[]
