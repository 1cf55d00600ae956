/** Whole numbers as bytes: seven bits in each, the lowest first, and the eighth says that more follow. */

/** 0, -1, 1, -2, 2, … as 0, 1, 2, 3, 4, …: small numbers of either sign become small. */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
export const unzigzag = (code: number): number => (code % 2 === 1 ? -(code + 1) / 2 : code / 2)

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(64)
  #length = 0

  /** A number of 0 or more, up to Number.MAX_SAFE_INTEGER. */
  whole(value: number): void {
    let left = value
    while (left >= 0x80) {
      this.#byte((left % 0x80) | 0x80)
      left = Math.floor(left / 0x80)
    }
    this.#byte(left)
  }

  signed(value: number): void {
    this.whole(zigzag(value))
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #byte(value: number): void {
    if (this.#length === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer, Buffer.alloc(this.#length)])
    this.#buffer[this.#length++] = value
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  whole(): number {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error('Bytes end in the middle of a number')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  signed(): number {
    return unzigzag(this.whole())
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + count)
    if (taken.length < count) throw new Error('Bytes end too early')
    this.#at += count
    return taken
  }
}
