/** How containers of the simulated engine behave: image names say it, so that every failure can be shown at will. */
interface Behaviour {
  pull: 'works' | 'fails'
  /** Its tag moves so often to another content; null is never. */
  tagMovesMs: number | null
  /** Whether its registry gives it a digest. */
  hasDigest: boolean
  /** How long a start takes; null is the engine's usual time. */
  startMs: number | null
  /** It ends with code 1 so long after its start; null is never. */
  crashAfterMs: number | null
  /** What its health check says in the end, and how long after the start; null without a health check. */
  health: { verdict: 'healthy' | 'unhealthy'; afterMs: number } | null
  /** The engine refuses to remove it for so long after the first try; null is never. */
  removalRefusedMs: number | null
  /** Between two lines that it writes; null is never. */
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
 * (its tag moves that often), `sim/unverified` (of no registry), `sim/chatty:5ms` (a line that often), `sim/quiet` (none);
 * any other image just runs.
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

/** 500ms, 20s or 2m; null when it is something else, such as a plain tag. */
export const durationMs = (text: string | undefined): number | null => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text ?? '')
  return match?.[1] && match[2] ? Number(match[1]) * (units[match[2]] ?? 1) : null
}
