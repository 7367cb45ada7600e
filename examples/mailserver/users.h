/*
 * Users and their passwords, from a file of name:password lines. Passwords in clear are
 * for trying out; a real server keeps what cannot be turned back.
 */
#ifndef MAILSERVER_USERS_H
#define MAILSERVER_USERS_H

#include <mailproto/base.h>

struct user {
    char *name;
    char *password;
};

struct users {
    struct user *list;
    size_t count;
};

/* Reads the file; NULL: no users. 0, or -1 after saying what is wrong. */
int users_read(struct users *users, const char *file);
void users_free(struct users *users);

/* Whether there is such a user (its name in any case). */
int users_has(const struct users *users, mailproto_bytes name);

/* The password of a user. OK; or MAILPROTO_ERR_AUTH: there is no such user, or it has
   none, and `password` is some text. */
mailproto_status users_password(const struct users *users, mailproto_bytes name,
                                mailproto_bytes *password);

/* Whether the password is that user's. Takes as long for a wrong one as for the right. */
int users_verify(const struct users *users, mailproto_bytes name,
                 mailproto_bytes password);

#endif /* MAILSERVER_USERS_H */
