/*
 * The TLS adapter that a program is built with. All of them have the same functions; see
 * tls_openssl.h for what they do.
 */
#ifndef EXAMPLE_TLS_H
#define EXAMPLE_TLS_H

#ifdef EXAMPLE_WITH_MBEDTLS
#include "tls_mbedtls.h"
#else
#include "tls_openssl.h"
#endif

#endif /* EXAMPLE_TLS_H */
