/* Lines for the operator: see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *own_name = "mailserver";

void log_name(const char *name)
{
    own_name = name;
}

void log_line(const char *format, ...)
{
    char text[1800];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* One call: lines of several threads do not mix. */
    fprintf(stderr, "[%.255s] %s\n", own_name, text);
}
