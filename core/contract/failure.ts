/** A refusal that a person can mend: thrown by store and worker code, turned into an answer at the edge. */
export type FailureCode =
  | 'bad-input'
  | 'not-signed-in'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  /** Another process of the agent speaks for its nodes, or none does yet. */
  | 'not-holder'
  | 'too-many'
  | 'unavailable'

export interface FieldProblem {
  /** The field's path in the request, for example resources.cpu. */
  path: string
  message: string
}

/**
 * Next bundles this module more than once into one process, so that there are several classes of this name: a failure
 * is known by this mark, whichever of them made it.
 */
const mark = Symbol.for('fogdeck.failure')

export class Failure extends Error {
  readonly [mark] = true
  readonly fields: FieldProblem[]
  readonly retryAfterSeconds: number | undefined
  constructor(
    readonly code: FailureCode,
    /** A sentence to show: what is wrong and what to do. */
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

/** True for text in the form of a UUID: anything else can't be an id of ours, so it is unknown, not malformed. */
export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
