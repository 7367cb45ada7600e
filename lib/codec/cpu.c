/*
 * What the processor can do. Knows the instructions that the vector paths of this folder
 * use; must not keep what it learnt.
 */
#include "codec/cpu.h"

#ifdef MAILPROTO__X86

#include <cpuid.h>

/* Which register sets the system saves (XCR0). */
static uint64_t saved_registers(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t mailproto_cpu(void)
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    uint32_t found = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return 0;
    }
    if (c & bit_SSSE3) {
        found |= (uint32_t)MAILPROTO__CPU_SSSE3 << 24;
    }
    /* 6: the system saves XMM and YMM registers. */
    if ((c & bit_OSXSAVE) && (c & bit_AVX) && (saved_registers() & 6) == 6 &&
        __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2)) {
        found |= (uint32_t)MAILPROTO__CPU_AVX2 << 24;
    }
    return found;
}

#else

uint32_t mailproto_cpu(void)
{
    return 0;
}

#endif
