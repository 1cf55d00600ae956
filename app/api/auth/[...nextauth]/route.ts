import NextAuth from 'next-auth'
import { authOptions } from '@/server/api/next-auth'
import { getServices } from '@/server/wiring'

const handler = (request: Request, context: unknown): Promise<Response> =>
  NextAuth(authOptions(getServices()))(request, context)

export { handler as GET, handler as POST }
