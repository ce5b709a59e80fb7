import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { LockExceptionFilter, LockModule } from 'thingsdb-lock/nestjs';
import { HealthController } from './health.controller.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

@Module({
  imports: [
    // Every module of the application gets its locks from here. It connects when the first lock is needed.
    LockModule.forRoot({
      url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
      auth: THINGSDB_TOKEN
        ? { token: THINGSDB_TOKEN }
        : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
      collection: THINGSDB_COLLECTION,
    }),
  ],
  controllers: [OrdersController, HealthController],
  providers: [
    OrdersService,
    // 409 when somebody else has the lock, 503 when there is no server to ask.
    { provide: APP_FILTER, useClass: LockExceptionFilter },
  ],
})
export class AppModule {}
