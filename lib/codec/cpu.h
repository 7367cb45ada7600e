/*
 * Which vector paths are built in, and the bits that choose them.
 */
#ifndef MAILPROTO_CODEC_CPU_H
#define MAILPROTO_CODEC_CPU_H

#include <mailproto/codec.h>

/* Left out with MAILPROTO_VECTOR=OFF, without an operating system, and wherever the
 * compiler or the processor is another. */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(MAILPROTO_NO_VECTOR) &&       \
    defined(__STDC_HOSTED__) && __STDC_HOSTED__
#define MAILPROTO__X86 1
#endif

/* Of mailproto_cpu() >> 24. */
enum { MAILPROTO__CPU_SSSE3 = 1, MAILPROTO__CPU_AVX2 = 2 };

#ifdef MAILPROTO__X86
/* Decodes base64 from in[0, n) on, up to `room` octets of output: whole groups of four
 * characters and the CRLF between lines; stops before anything else. `in` and `out` may
 * be the same. Returns the octets read, `*put` are written. */
size_t mailproto__base64_decode_x86(const unsigned char *in, size_t n,
                                    unsigned char *out, size_t room, int crlf,
                                    size_t *put);
#endif

#endif /* MAILPROTO_CODEC_CPU_H */
