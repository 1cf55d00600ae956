import { handleLogin } from '@/server/api/login'
import { getServices } from '@/server/wiring'

export const POST = (request: Request) => handleLogin(getServices(), request)
