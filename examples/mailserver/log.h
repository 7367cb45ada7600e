/*
 * What the server tells its operator: lines on standard error, each written in one piece
 * and beginning with the server's name.
 */
#ifndef MAILSERVER_LOG_H
#define MAILSERVER_LOG_H

#if defined(__GNUC__)
#define LOG_FORMAT __attribute__((format(printf, 1, 2)))
#else
#define LOG_FORMAT
#endif

/* The name in front of each line; kept. */
void log_name(const char *name);

/* Writes one line; may be called from any thread. */
void log_line(const char *format, ...) LOG_FORMAT;

#endif /* MAILSERVER_LOG_H */
