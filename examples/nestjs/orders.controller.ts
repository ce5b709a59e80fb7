import { Controller, Get, Inject, Param, Post } from '@nestjs/common';
import { OrdersService, type Receipt } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  // @Inject is needed here only because this example runs without a build, by tsx.
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @Post(':id/pay')
  pay(@Param('id') id: string): Promise<Receipt> {
    return this.orders.pay(id);
  }

  @Get(':id')
  read(@Param('id') id: string): Promise<{ readonly order: string }> {
    return this.orders.read(id);
  }
}
