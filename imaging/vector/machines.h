// One binary runs on every x86-64: loops marked so are compiled for AVX2 as well, and the loader picks what the processor has.
#ifndef PREFLIGHT_MACHINES_H
#define PREFLIGHT_MACHINES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MANY_MACHINES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define MANY_MACHINES
#endif

#endif
