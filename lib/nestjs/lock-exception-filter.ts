import {
  type ArgumentsHost,
  Catch,
  ConflictException,
  type HttpException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type AnyLockError, LockConnectionError, LockError } from '../errors.js';

/**
 * Answers HTTP requests that failed for want of a lock. 409: somebody else has it (`LockTimeoutError`). 503: the server
 * is out of reach, the lease was lost, or the application closes. Other errors of locks are mistakes, and stay
 * 500. The body has the error's `code`, and does not tell who holds the lock.
 *
 * @example
 * providers: [{ provide: APP_FILTER, useClass: LockExceptionFilter }]
 */
@Catch(LockError)
export class LockExceptionFilter extends BaseExceptionFilter<LockError> {
  /** As Nest calls it. @throws the error itself where it is not HTTP that is answered */
  override catch(error: LockError, host: ArgumentsHost): void {
    // What a message or a resolver of GraphQL is answered is for its own filters to say.
    if (host.getType() !== 'http') throw error;
    super.catch((httpExceptionOf(error as AnyLockError) ?? error) as LockError, host);
  }
}

function httpExceptionOf(error: AnyLockError): HttpException | undefined {
  const { code } = error;
  switch (code) {
    case 'LOCK_TIMEOUT':
      return error.cause instanceof LockConnectionError ? unavailable(code) : busy(code);
    case 'LOCK_CONNECTION':
    case 'LOCK_CLOSED':
    case 'LOCK_LOST':
      return unavailable(code);
    default:
      return undefined;
  }
}

function busy(code: string): HttpException {
  const message = 'Somebody else is working on this';
  return new ConflictException({ statusCode: 409, error: 'Conflict', message, code });
}

function unavailable(code: string): HttpException {
  const message = 'This cannot be locked now';
  return new ServiceUnavailableException({ statusCode: 503, error: 'Service Unavailable', message, code });
}
