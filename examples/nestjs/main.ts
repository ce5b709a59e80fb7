/**
 * A NestJS application whose orders are paid once at a time, in however many processes it runs.
 *
 *   npm install @nestjs/common @nestjs/core @nestjs/platform-express reflect-metadata rxjs
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   PORT=3000 node --import tsx examples/nestjs/main.ts    # and in another terminal, with PORT=3001
 *   curl -X POST localhost:3000/orders/7/pay & curl -X POST localhost:3001/orders/7/pay
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  // At SIGTERM what runs may end, and its locks are given back. Without this line they end with their leases.
  app.enableShutdownHooks();
  await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
  console.log(`listens on ${await app.getUrl()}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
