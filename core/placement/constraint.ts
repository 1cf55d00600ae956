/** A rule about one label. `in` takes any number of values, `=` and `!=` take one, `exists` takes none. */
export interface Constraint {
  key: string
  op: '=' | '!=' | 'in' | 'exists'
  values: string[]
}
