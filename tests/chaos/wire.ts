/**
 * A line between two programs that can be cut in silence: a TCP relay that, while it is cut, passes on nothing in either
 * direction, not even that one end is gone. Healed, it delivers what was held, as TCP itself does after an outage.
 */
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'

interface Pair {
  near: Socket
  far: Socket
  /** What the near end said first: of PostgreSQL clients it names the program. */
  hello: Buffer | null
  /** Whether the far end was dialled. */
  dialled: boolean
}

export type Selector = (hello: Buffer) => boolean

export class Wire {
  private server: Server | null = null
  private readonly pairs = new Set<Pair>()
  /** Which connections are cut; null is none. */
  private cutting: Selector | null = null

  /** @param farPort asked at each connection, because a database may come back at another one. */
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

  /** Cuts the connections that there are and those to come; with a selector only those that it chooses by their hello. */
  cut(selector: Selector = () => true): void {
    this.cutting = selector
    for (const pair of this.pairs) if (this.isCut(pair)) hold(pair)
  }

  heal(): void {
    this.cutting = null
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

  private isCut({ hello }: Pair): boolean {
    return this.cutting?.(hello ?? Buffer.alloc(0)) ?? false
  }

  private take(near: Socket): void {
    const pair: Pair = { near, far: new Socket({ allowHalfOpen: true }), hello: null, dialled: false }
    this.pairs.add(pair)
    this.relay(pair, near, pair.far)
    this.relay(pair, pair.far, near)
    if (this.isCut(pair)) hold(pair)
    else this.dial(pair)
  }

  private dial(pair: Pair): void {
    pair.dialled = true
    pair.far.connect(this.farPort(), '127.0.0.1')
  }

  private relay(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (data) => {
      if (from === pair.near) pair.hello ??= data
      if (this.isCut(pair)) {
        hold(pair)
        from.unshift(data)
        return
      }
      if (!to.destroyed && !to.write(data)) {
        from.pause()
        to.once('drain', () => this.isCut(pair) || from.resume())
      }
    })
    from.on('end', () => to.end())
    from.on('error', () => undefined)
    from.on('close', () => {
      // While it is cut the other end must not learn of it: it is told when the line is healed.
      if (this.isCut(pair)) return
      to.destroy()
      this.pairs.delete(pair)
    })
  }
}

const hold = ({ near, far }: Pair): void => {
  near.pause()
  far.pause()
}

const release = ({ near, far }: Pair): void => {
  if (near.destroyed || far.destroyed) {
    near.destroy()
    far.destroy()
    return
  }
  near.resume()
  far.resume()
}
