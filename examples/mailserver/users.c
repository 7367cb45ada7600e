/* Users and passwords: see users.h. */
#include "users.h"
#include "text.h"

#include <errno.h>
#include <mailproto/sasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A compiler may leave out a memset() before the end; not this. */
static void wipe(char *text, size_t len)
{
    volatile char *at = text;
    while (len-- > 0) {
        *at++ = '\0';
    }
}

static int add(struct users *users, mailproto_bytes name, mailproto_bytes password)
{
    struct user *list = realloc(users->list, (users->count + 1) * sizeof *list);
    if (list == NULL) {
        return -1;
    }
    users->list = list;
    struct user *u = &list[users->count];
    u->name = text_copy(name);
    u->password = text_copy(password);
    if (u->name == NULL || u->password == NULL) {
        free(u->name);
        free(u->password);
        return -1;
    }
    users->count++;
    return 0;
}

int users_read(struct users *users, const char *file)
{
    char line[512], buffer[BUFSIZ];
    *users = (struct users){0};
    if (file == NULL) {
        return 0;
    }
    FILE *in = fopen(file, "r");
    if (in == NULL) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return -1;
    }
    setvbuf(in, buffer, _IOFBF, sizeof buffer); /* ours, to be wiped */
    int result = 0;
    while (result == 0 && fgets(line, sizeof line, in) != NULL) {
        char *colon = strchr(line, ':');
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') {
            continue;
        }
        if (colon == NULL || colon == line) {
            fprintf(stderr, "%s: a line is not name:password\n", file);
            result = -1;
            break;
        }
        mailproto_bytes name = {line, (size_t)(colon - line)};
        result = add(users, name, text_bytes(colon + 1));
    }
    fclose(in);
    wipe(line, sizeof line);
    wipe(buffer, sizeof buffer);
    return result;
}

void users_free(struct users *users)
{
    for (size_t i = 0; i < users->count; i++) {
        free(users->list[i].name);
        wipe(users->list[i].password, strlen(users->list[i].password));
        free(users->list[i].password);
    }
    free(users->list);
    *users = (struct users){0};
}

static const struct user *find(const struct users *users, mailproto_bytes name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (text_same(text_bytes(users->list[i].name), name)) {
            return &users->list[i];
        }
    }
    return NULL;
}

int users_has(const struct users *users, mailproto_bytes name)
{
    return find(users, name) != NULL;
}

mailproto_status users_password(const struct users *users, mailproto_bytes name,
                                mailproto_bytes *password)
{
    const struct user *user = find(users, name);
    int known = user != NULL && user->password[0] != '\0';
    *password = text_bytes(known ? user->password : "unknown");
    return known ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
}

int users_verify(const struct users *users, mailproto_bytes name,
                 mailproto_bytes password)
{
    mailproto_bytes right;
    mailproto_status known = users_password(users, name, &right);
    int same = mailproto_sasl_equal(right, password);
    return same && known == MAILPROTO_OK;
}
