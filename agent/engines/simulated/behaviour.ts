/** The behaviour of simulated containers. Image names choose it, so that every failure can be produced on demand. */
interface Behaviour {
  pull: 'works' | 'fails'
  /** How often the tag moves to new content; null for never. */
  tagMovesMs: number | null
  /** Whether the registry has a digest for the image. */
  hasDigest: boolean
  /** How long a start takes; null for the engine's usual time. */
  startMs: number | null
  /** How long after its start the container exits with code 1; null for never. */
  crashAfterMs: number | null
  /** The final verdict of the health check, and how long after the start it comes; null without a health check. */
  health: { verdict: 'healthy' | 'unhealthy'; afterMs: number } | null
  /** How long after the first attempt the engine refuses to remove the container; null for not at all. */
  removalRefusedMs: number | null
  /** Time between two log lines; null for no lines. */
  lineEveryMs: number | null
}

const plain: Behaviour = {
  pull: 'works',
  tagMovesMs: null,
  hasDigest: true,
  startMs: null,
  crashAfterMs: null,
  health: null,
  removalRefusedMs: null,
  lineEveryMs: 1_500,
}

/**
 * `sim/ok`, `sim/slow:20s`, `sim/fail-pull`, `sim/crash:5s`, `sim/unhealthy`, `sim/stuck-removal:30s`, `sim/moving:5s`
 * (the tag moves that often), `sim/unverified` (no digest in a registry), `sim/chatty:5ms` (a line that often),
 * `sim/quiet` (no lines); any other image simply runs.
 */
export const behaviourOf = (image: string): Behaviour => {
  const match = /^sim\/([a-z-]+)(?::([^@]*))?/.exec(image)
  const tag = match?.[2]
  switch (match?.[1]) {
    case 'ok':
      return { ...plain, health: { verdict: 'healthy', afterMs: 1_000 } }
    case 'slow':
      return { ...plain, startMs: durationMs(tag) ?? 20_000 }
    case 'fail-pull':
      return { ...plain, pull: 'fails' }
    case 'crash':
      return { ...plain, crashAfterMs: durationMs(tag) ?? 5_000 }
    case 'unhealthy':
      return { ...plain, health: { verdict: 'unhealthy', afterMs: 3_000 } }
    case 'stuck-removal':
      return { ...plain, removalRefusedMs: durationMs(tag) ?? 30_000 }
    case 'moving':
      return { ...plain, tagMovesMs: Math.max(1, durationMs(tag) ?? 5_000) }
    case 'unverified':
      return { ...plain, hasDigest: false }
    case 'chatty':
      return { ...plain, lineEveryMs: Math.max(1, durationMs(tag) ?? 20) }
    case 'quiet':
      return { ...plain, lineEveryMs: null }
    default:
      return plain
  }
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 }

/** Parses 500ms, 20s or 2m to milliseconds; null for anything else, such as an ordinary tag. */
export const durationMs = (text: string | undefined): number | null => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text ?? '')
  return match?.[1] && match[2] ? Number(match[1]) * (units[match[2]] ?? 1) : null
}
