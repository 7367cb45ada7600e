/*
 * The benchmark's input, made from a seed: mail as programs write it. Knows what mail
 * looks like; must not use the library, whose work it is to be.
 */
#include "bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t state;

static uint32_t next(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* ---- the array -------------------------------------------------------------------------- */

static void begin(struct corpus *c, const char *name, uint64_t seed)
{
    memset(c, 0, sizeof *c);
    c->name = name;
    state = UINT64_C(0x9e3779b97f4a7c15) ^ seed;
}

static void add(struct corpus *c, const void *data, size_t n)
{
    if (c->bytes_used + n > c->bytes_room) {
        c->bytes_room = (c->bytes_used + n) * 2 + 65536;
        c->bytes = (char *)realloc(c->bytes, c->bytes_room);
        if (c->bytes == NULL) {
            abort();
        }
    }
    memcpy(c->bytes + c->bytes_used, data, n);
    c->bytes_used += n;
}

static void text(struct corpus *c, const char *s)
{
    add(c, s, strlen(s));
}

/* An item ends. Until end() `len` holds where it begins. */
static void cut(struct corpus *c)
{
    if (c->count == c->items_room) {
        c->items_room = c->items_room * 2 + 1024;
        c->items = (struct item *)realloc(c->items, c->items_room * sizeof *c->items);
        if (c->items == NULL) {
            abort();
        }
    }
    add(c, "", 1);
    c->items[c->count].len = c->bytes_used;
    c->count++;
}

static void end(struct corpus *c)
{
    size_t from = 0;
    size_t i;
    for (i = 0; i < c->count; i++) {
        size_t to = c->items[i].len;
        c->items[i].at = c->bytes + from;
        c->items[i].len = to - from - 1;
        from = to;
    }
}

void corpus_free(struct corpus *c)
{
    free(c->bytes);
    free(c->items);
    memset(c, 0, sizeof *c);
}

size_t corpus_octets_of(const struct corpus *c)
{
    return c->bytes_used - c->count;
}

/* ---- words and encodings ------------------------------------------------------------------ */

static const char *const words[] = {
    "the",      "meeting",  "on",       "Thursday", "will",        "be",
    "moved",    "to",       "room",     "seven",    "please",      "bring",
    "your",     "notes",    "and",      "figures",  "for",         "quarter",
    "regards",  "invoice",  "number",   "attached", "herewith",    "as",
    "agreed",   "order",    "delivery", "address",  "unsubscribe", "newsletter",
    "campaign", "customer", "service",  "account",  "password",    "changed",
};
static const char *const foreign[] = {
    "Gr\xc3\xbc\xc3\x9f"
    "e",
    "caf\xc3\xa9",
    "\xe2\x80\x93",
    "d\xc3\xa9j\xc3\xa0",
    "ma\xc3\xb1"
    "ana",
    "\xe2\x82\xac",
};
enum {
    WORDS = sizeof words / sizeof words[0],
    FOREIGN = sizeof foreign / sizeof foreign[0]
};

static const char *word(void)
{
    return next(40) == 0 ? foreign[next(FOREIGN)] : words[next(WORDS)];
}

/* Text of at least `n` octets, in lines or, as writers of HTML do, hardly any. */
static void make_text(struct corpus *c, size_t n, int html)
{
    size_t from = c->bytes_used;
    size_t column = 0;
    while (c->bytes_used - from < n) {
        const char *w = word();
        if (html && next(12) == 0) {
            text(c, "<a href=\"https://news.example.com/c?id=");
            text(c, words[next(WORDS)]);
            text(c, "\" style=\"color:#336699\">");
            text(c, w);
            text(c, "</a>");
        } else {
            text(c, w);
        }
        column += strlen(w) + 1;
        if (column > (html ? 400U : 66U) + next(8)) {
            text(c, "\r\n");
            column = 0;
        } else {
            text(c, " ");
        }
    }
    text(c, "x\r\n");
}

/* Quoted-printable (RFC 2045 6.7); `all`: every octet is escaped. */
static void add_qp(struct corpus *c, const char *at, size_t n, int all)
{
    char out[4];
    size_t column = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        unsigned char o = (unsigned char)at[i];
        int blank_last = (o == ' ') && i + 1 < n && at[i + 1] == '\r';
        size_t len = 1;
        if (!all && o == '\r' && i + 1 < n && at[i + 1] == '\n') {
            add(c, "\r\n", 2);
            column = 0;
            i++;
            continue;
        }
        out[0] = (char)o;
        if (all || o < 32 || o > 126 || o == '=' || blank_last) {
            (void)snprintf(out, sizeof out, "=%02X", (unsigned)o);
            len = 3;
        }
        if (column + len > 75) {
            add(c, "=\r\n", 3);
            column = 0;
        }
        add(c, out, len);
        column += len;
    }
}

/* Base64 in lines of 76 (RFC 2045 6.8), or in one. */
static void add_base64(struct corpus *c, const unsigned char *at, size_t n, int lines)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t column = 0;
    while (n > 0) {
        uint32_t group = (uint32_t)at[0] << 16;
        char out[4];
        group |= n > 1 ? (uint32_t)at[1] << 8 : 0;
        group |= n > 2 ? at[2] : 0;
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[group >> 12 & 63];
        out[2] = n > 1 ? alphabet[group >> 6 & 63] : '=';
        out[3] = n > 2 ? alphabet[group & 63] : '=';
        add(c, out, 4);
        column += 4;
        if (lines && (column == 76 || n <= 3)) {
            add(c, "\r\n", 2);
            column = 0;
        }
        at += n > 3 ? 3 : n;
        n -= n > 3 ? 3 : n;
    }
}

static unsigned char *make_octets(size_t n)
{
    unsigned char *octets = (unsigned char *)malloc(n + 1);
    size_t i;
    if (octets == NULL) {
        abort();
    }
    for (i = 0; i < n; i++) {
        octets[i] = (unsigned char)next(256);
    }
    return octets;
}

/* ---- headers ------------------------------------------------------------------------------- */

static void mailbox(struct corpus *c)
{
    char line[160];
    switch (next(4)) {
    case 0:
        (void)snprintf(line, sizeof line, "%s.%s@mail%u.example.com",
                       words[next(WORDS)], words[next(WORDS)], next(100));
        break;
    case 1:
        (void)snprintf(line, sizeof line, "\"%s, %s\" <%s%u@example.org>",
                       words[next(WORDS)], words[next(WORDS)], words[next(WORDS)],
                       next(1000));
        break;
    default:
        (void)snprintf(line, sizeof line, "%s %s <%s@dept%u.example.net>",
                       words[next(WORDS)], words[next(WORDS)], words[next(WORDS)],
                       next(50));
        break;
    }
    text(c, line);
}

static void mailboxes(struct corpus *c, const char *name, uint32_t count)
{
    text(c, name);
    while (count > 0) {
        count--;
        mailbox(c);
        text(c, count > 0 ? ",\r\n " : "\r\n");
    }
}

static void date(struct corpus *c)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char line[64];
    /* November 2026 begins on a Sunday. */
    uint32_t day = next(30);
    (void)snprintf(line, sizeof line, "%s, %u Nov 2026 %02u:%02u:%02u %s0%u00",
                   days[day % 7], day + 1, next(24), next(60), next(60),
                   next(2) ? "+" : "-", next(9));
    text(c, line);
}

static void received(struct corpus *c)
{
    char line[200];
    (void)snprintf(line, sizeof line,
                   "Received: from mx%u.example.net (mx%u.example.net [192.0.2.%u])\r\n"
                   "\tby mail.example.com (Postfix) with ESMTPS id %08X%04X\r\n"
                   "\tfor <user%u@example.com>; ",
                   next(90), next(90), next(250), next(1U << 30), next(65536),
                   next(1000));
    text(c, line);
    date(c);
    text(c, "\r\n");
}

static void signature(struct corpus *c)
{
    unsigned char *octets = make_octets(192);
    size_t from;
    text(c, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;\r\n"
            "\ts=mail2026; h=from:to:cc:subject:date:message-id:mime-version:\r\n"
            "\tcontent-type; bh=");
    add_base64(c, octets, 32, 0);
    text(c, ";\r\n\tb=");
    for (from = 0; from < 192; from += 48) {
        add_base64(c, octets + from, 48, 0);
        text(c, from < 144 ? "\r\n\t " : "\r\n");
    }
    free(octets);
}

static void subject(struct corpus *c)
{
    uint32_t n = 3 + next(8);
    text(c, "Subject: ");
    while (n > 0) {
        n--;
        text(c, words[next(WORDS)]);
        text(c, n > 0 ? " " : "\r\n");
    }
}

static void identifiers(struct corpus *c, const char *name, uint32_t n)
{
    char line[100];
    text(c, name);
    while (n > 0) {
        n--;
        (void)snprintf(line, sizeof line, "<%08x.%06x.%u@mail.example.com>%s",
                       next(1U << 30), next(1U << 24), next(100000),
                       n > 0 ? "\r\n " : "\r\n");
        text(c, line);
    }
}

static void header(struct corpus *c, uint32_t hops, uint32_t others)
{
    char line[200];
    text(c, "Return-Path: <bounce-77@example.net>\r\n");
    while (hops > 0) {
        hops--;
        received(c);
    }
    signature(c);
    text(c, "Authentication-Results: mail.example.com; dkim=pass (2048-bit key)\r\n"
            "\theader.d=example.com; spf=pass smtp.mailfrom=example.net\r\n");
    mailboxes(c, "From: ", 1);
    mailboxes(c, "To: ", 1 + next(others > 0 ? 8 : 2));
    if (next(2)) {
        mailboxes(c, "Cc: ", 1 + next(6));
    }
    subject(c);
    text(c, "Date: ");
    date(c);
    text(c, "\r\n");
    identifiers(c, "Message-ID: ", 1);
    if (others > 0) {
        identifiers(c, "References: ", 1 + next(12));
        text(c, "List-Unsubscribe: <https://news.example.com/u?x=77>\r\n"
                "List-Id: The news <news.example.com>\r\n");
    }
    while (others > 0) {
        others--;
        (void)snprintf(line, sizeof line, "X-%s-%s: %s-%08X %s %s\r\n",
                       words[next(WORDS)], words[next(WORDS)], words[next(WORDS)],
                       next(1U << 30), words[next(WORDS)], words[next(WORDS)]);
        text(c, line);
    }
    text(c, "MIME-Version: 1.0\r\n");
}

/* ---- corpora ------------------------------------------------------------------------------- */

void corpus_headers(struct corpus *c, unsigned scale)
{
    unsigned n = 60 * scale;
    begin(c, "headers", 1);
    while (n > 0) {
        n--;
        header(c, 4 + next(6), 16 + next(24));
        text(c, "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: 7bit\r\n\r\n");
        cut(c);
    }
    end(c);
}

static void qp_part(struct corpus *c, const char *type, size_t size, int html)
{
    struct corpus plain;
    memset(&plain, 0, sizeof plain);
    make_text(&plain, size, html);
    text(c, "Content-Type: text/");
    text(c, type);
    text(c, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
    add_qp(c, plain.bytes, plain.bytes_used, 0);
    corpus_free(&plain);
}

void corpus_typical(struct corpus *c, unsigned scale)
{
    unsigned n = 8 * scale;
    char boundary[64];
    begin(c, "typical", 2);
    while (n > 0) {
        size_t size = 2000 + next(13000);
        n--;
        (void)snprintf(boundary, sizeof boundary, "----=_Part_%u_%08X", next(100000),
                       next(1U << 30));
        header(c, 2 + next(3), 0);
        text(c, "Content-Type: multipart/alternative; boundary=\"");
        text(c, boundary);
        text(c, "\"\r\n\r\n--");
        text(c, boundary);
        text(c, "\r\n");
        qp_part(c, "plain", size, 0);
        text(c, "\r\n--");
        text(c, boundary);
        text(c, "\r\n");
        qp_part(c, "html", size + next(20000), 1);
        text(c, "\r\n--");
        text(c, boundary);
        text(c, "--\r\n");
        cut(c);
    }
    end(c);
}

void corpus_attachments(struct corpus *c, unsigned scale)
{
    unsigned n = (12 * scale + 99) / 100;
    begin(c, "attachments", 3);
    while (n > 0) {
        size_t size = 750000 + next(3000000);
        unsigned char *octets = make_octets(size);
        n--;
        header(c, 3, 0);
        text(c,
             "Content-Type: multipart/mixed; boundary=\"=_7Qv2\"\r\n\r\n--=_7Qv2\r\n");
        qp_part(c, "plain", 1500, 0);
        text(c, "\r\n--=_7Qv2\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n"
                "Content-Disposition: attachment; filename=\"report.pdf\"\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n");
        add_base64(c, octets, size, 1);
        text(c, "\r\n--=_7Qv2--\r\n");
        cut(c);
        free(octets);
    }
    end(c);
}

static void encoded_word(struct corpus *c)
{
    struct corpus plain;
    size_t i;
    memset(&plain, 0, sizeof plain);
    for (i = 0; i < 4; i++) {
        text(&plain, next(3) == 0 ? foreign[next(FOREIGN)] : words[next(WORDS)]);
        text(&plain, " ");
    }
    if (next(2)) {
        /* Whole groups: padding within a run of words is read in more than one way. */
        while (plain.bytes_used % 3 != 0) {
            text(&plain, "x");
        }
        text(c, "=?UTF-8?B?");
        add_base64(c, (const unsigned char *)plain.bytes, plain.bytes_used, 0);
    } else {
        char out[4];
        text(c, "=?utf-8?Q?");
        for (i = 0; i < plain.bytes_used; i++) {
            unsigned char o = (unsigned char)plain.bytes[i];
            (void)snprintf(out, sizeof out, o < 128 ? "%c" : "=%02X", (unsigned)o);
            text(c, o == ' ' ? "_" : out);
        }
    }
    text(c, "?=");
    corpus_free(&plain);
}

void corpus_words(struct corpus *c, unsigned scale)
{
    unsigned n = 500 * scale;
    begin(c, "words", 4);
    while (n > 0) {
        uint32_t i = 1 + next(3);
        n--;
        if (next(3) == 0) {
            text(c, "Re: ");
            text(c, words[next(WORDS)]);
            text(c, " ");
        }
        while (i > 0) {
            i--;
            encoded_word(c);
            if (i > 0) {
                text(c, "\r\n ");
            }
        }
        cut(c);
    }
    end(c);
}

void corpus_base64(struct corpus *c, unsigned scale)
{
    unsigned n = (8 * scale + 99) / 100;
    begin(c, "base64", 5);
    while (n > 0) {
        unsigned char *octets = make_octets(1500000);
        n--;
        add_base64(c, octets, 1500000, 1);
        cut(c);
        free(octets);
    }
    end(c);
}

void corpus_octets(struct corpus *c, unsigned scale)
{
    unsigned n = (8 * scale + 99) / 100;
    begin(c, "octets", 6);
    while (n > 0) {
        unsigned char *octets = make_octets(1500000);
        n--;
        add(c, octets, 1500000);
        cut(c);
        free(octets);
    }
    end(c);
}

static void text_items(struct corpus *c, unsigned scale, int encode, int heavy)
{
    unsigned n = 8 * scale;
    while (n > 0) {
        struct corpus plain;
        memset(&plain, 0, sizeof plain);
        make_text(&plain, heavy ? 5000 : 14000, 0);
        n--;
        if (encode) {
            add_qp(c, plain.bytes, plain.bytes_used, heavy);
        } else {
            add(c, plain.bytes, plain.bytes_used);
        }
        cut(c);
        corpus_free(&plain);
    }
}

void corpus_qp(struct corpus *c, unsigned scale, int heavy)
{
    begin(c, heavy ? "qp, all escaped" : "qp, light", 7);
    text_items(c, scale, 1, heavy);
    end(c);
}

void corpus_text(struct corpus *c, unsigned scale)
{
    begin(c, "text", 8);
    text_items(c, scale, 0, 0);
    end(c);
}

/* ---- files ------------------------------------------------------------------------------------ */

static void add_file(struct corpus *c, const char *path)
{
    char piece[65536];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return;
    }
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) {
        add(c, piece, n);
    }
    (void)fclose(file);
    cut(c);
}

static void add_folder(struct corpus *c, const char *folder, int depth)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    int i;
    for (i = 0; i < count; i++) {
        char path[4096];
        size_t len = strlen(names[i]->d_name);
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && stat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode) && depth < 4) {
                add_folder(c, path, depth + 1);
            } else if (len > 4 && strcmp(names[i]->d_name + len - 4, ".eml") == 0) {
                add_file(c, path);
            }
        }
        free(names[i]);
    }
    free(names);
}

void corpus_folder(struct corpus *c, const char *folder)
{
    begin(c, "real", 9);
    add_folder(c, folder, 0);
    end(c);
}

void corpus_header_blocks(struct corpus *c, const struct corpus *from)
{
    size_t i;
    begin(c, "real headers", 10);
    for (i = 0; i < from->count; i++) {
        const char *at = from->items[i].at;
        size_t len = from->items[i].len;
        size_t to = 0;
        while (to < len) {
            const char *lf = (const char *)memchr(at + to, '\n', len - to);
            size_t line = lf != NULL ? (size_t)(lf - at) - to : len - to;
            to = lf != NULL ? (size_t)(lf - at) + 1 : len;
            if (line == 0 || (line == 1 && lf[-1] == '\r')) {
                break;
            }
        }
        add(c, at, to);
        cut(c);
    }
    end(c);
}
