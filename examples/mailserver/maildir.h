/*
 * Delivery into a Maildir (cr.yp.to/proto/maildir.html): written in tmp/, made durable,
 * then given its name in new/. Waits for the disk: for the worker.
 */
#ifndef MAILSERVER_MAILDIR_H
#define MAILSERVER_MAILDIR_H

/* Delivers the whole of `content` with a line on top (Return-Path), into
   `root`/`user`/Maildir, which is made when it is missing. `name` is the file's, unlike
   any other; a message that has it already is this one, delivered before a crash. 0, or
   -1 with errno. */
int maildir_deliver(const char *root, const char *user, const char *name,
                    const char *top, int content);

#endif /* MAILSERVER_MAILDIR_H */
