/**
 * A connection between two programs that can be cut silently: a TCP relay that, while cut, passes on nothing in either
 * direction, not even that one end has closed. Once restored, it delivers what was held back, as TCP does after an
 * outage.
 */
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'

interface Pair {
  near: Socket
  far: Socket
  /** Whether the far end was dialled. */
  dialled: boolean
  isCut: boolean
}

export class Wire {
  private server: Server | null = null
  private readonly pairs = new Set<Pair>()
  /** Whether new connections are cut, too. */
  private isCut = false

  /** @param farPort called for each connection, because a database may return on another port. */
  constructor(private readonly farPort: () => number) {}

  /** @returns the port to dial instead. */
  async open(host = '127.0.0.1'): Promise<number> {
    this.server = createServer({ allowHalfOpen: true }, (near) => this.take(near)).listen(0, host)
    await once(this.server, 'listening')
    return this.port
  }

  get port(): number {
    const address = this.server?.address()
    if (typeof address !== 'object' || address === null || address === undefined)
      throw new Error('The wire is not open')
    return address.port
  }

  /** Cuts existing and new connections. */
  cut(): void {
    this.isCut = true
    for (const pair of this.pairs) hold(pair)
  }

  /** Cuts the one connection that has this port at the far end. False when there is none. */
  cutOne(portAtFarEnd: number): boolean {
    const pair = [...this.pairs].find(({ far }) => far.localPort === portAtFarEnd)
    if (pair) hold(pair)
    return pair !== undefined
  }

  heal(): void {
    this.isCut = false
    for (const pair of this.pairs) {
      if (!pair.dialled) this.dial(pair)
      release(pair)
    }
  }

  close(): void {
    this.server?.close()
    for (const { near, far } of this.pairs) {
      near.destroy()
      far.destroy()
    }
  }

  private take(near: Socket): void {
    const pair: Pair = { near, far: new Socket({ allowHalfOpen: true }), dialled: false, isCut: false }
    this.pairs.add(pair)
    this.relay(pair, near, pair.far)
    this.relay(pair, pair.far, near)
    if (this.isCut) hold(pair)
    else this.dial(pair)
  }

  private dial(pair: Pair): void {
    pair.dialled = true
    pair.far.connect(this.farPort(), '127.0.0.1')
  }

  private relay(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (data) => {
      if (pair.isCut) {
        from.unshift(data)
        return
      }
      if (!to.destroyed && !to.write(data)) {
        from.pause()
        to.once('drain', () => pair.isCut || from.resume())
      }
    })
    from.on('end', () => to.end())
    from.on('error', () => undefined)
    from.on('close', () => {
      // While cut, the other end must not notice. It learns of the end when the wire is restored.
      if (pair.isCut) return
      to.destroy()
      this.pairs.delete(pair)
    })
  }
}

const hold = (pair: Pair): void => {
  pair.isCut = true
  pair.near.pause()
  pair.far.pause()
}

const release = (pair: Pair): void => {
  const { near, far } = pair
  pair.isCut = false
  if (near.destroyed || far.destroyed) {
    near.destroy()
    far.destroy()
    return
  }
  near.resume()
  far.resume()
}
