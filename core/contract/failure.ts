/** A failure that a user can fix. Store and worker code throws it, and the API converts it to a response. */
export type FailureCode =
  | 'bad-input'
  | 'not-signed-in'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  /** The calling agent process does not hold its nodes: another one does, or none does yet. */
  | 'not-holder'
  | 'too-many'
  | 'unavailable'

export interface FieldProblem {
  /** Path of the field in the request, for example resources.cpu. */
  path: string
  message: string
}

/**
 * Next.js bundles this module more than once into one process, so several classes of this name exist. This mark
 * identifies a failure whichever of them created it.
 */
const mark = Symbol.for('fogdeck.failure')

export class Failure extends Error {
  readonly [mark] = true
  readonly fields: FieldProblem[]
  readonly retryAfterSeconds: number | undefined
  constructor(
    readonly code: FailureCode,
    /** A sentence for the user: what is wrong and what to do. */
    message: string,
    detail: { fields?: FieldProblem[]; retryAfterSeconds?: number } = {},
  ) {
    super(message)
    this.name = 'Failure'
    this.fields = detail.fields ?? []
    this.retryAfterSeconds = detail.retryAfterSeconds
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value
  }
}

export const notFound = (what: string, id: string) => new Failure('not-found', `There is no ${what} ${id}`)

/** Whether the text has the form of a UUID. Callers treat any other id as unknown, not as malformed. */
export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
