import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/spec'],
  testMatch: ['**/*.spec.ts'],
  // All of it is CommonJS here: Jest has no import() of its own.
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.spec.json', transpilation: true, diagnostics: false }],
  },
  // The sources name their imports as ES modules do ('./lease.js'); Jest runs them as CommonJS from the .ts files.
  // The examples name the package, as its users do.
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^thingsdb-lock$': '<rootDir>/lib/index.ts',
    '^thingsdb-lock/(testing|nestjs|opentelemetry)$': '<rootDir>/lib/$1/index.ts',
  },
  // For `npm run coverage`: what of lib the specs reach in their own process, without servers and programs; the suites reach
  // more. The floor rises with the figure, and does not fall. The command line has its own (`npm run coverage:cli`); the page
  // of the live view runs in a browser, where its suite looks at it.
  collectCoverageFrom: ['lib/**/*.ts', '!lib/**/*.generated.ts', '!lib/cli/**', '!lib/ui/page/**'],
  coverageReporters: ['text-summary', 'html'],
  coverageThreshold: { global: { statements: 92, branches: 85, functions: 93, lines: 94 } },
  // A lock that is lost or late shows as a wait: fail it, but not because a machine of CI is slow.
  testTimeout: 30_000,
  // A rejection that nobody handles fails the test that it is of: each test and hook is given a turn to show it.
  waitForUnhandledRejections: true,
  // Most suites wait in real time more than they compute.
  maxWorkers: '100%',
};

export default config;
