/** The variable that tells a worker to measure the library from its sources. */
export const FROM_SOURCES = 'BENCH_FROM_SOURCES';
