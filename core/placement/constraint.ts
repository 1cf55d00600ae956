/** One label rule; `in` has any number of values, `=` and `!=` one, `exists` none. */
export interface Constraint {
  key: string
  op: '=' | '!=' | 'in' | 'exists'
  values: string[]
}
