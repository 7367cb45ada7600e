/*
 * Files that are still there after the power went: writing whole, fsync() of files and of
 * the directories that name them. What is here may wait for the disk: for the worker,
 * but for the start of the program.
 */
#ifndef MAILSERVER_FILE_H
#define MAILSERVER_FILE_H

#include <stddef.h>

/* Longest path the server makes. */
#define FILE_PATH_MAX 1024

/* Joins two or three parts with `/` (the third may be NULL). 0, or -1: too long. */
int file_path(char path[FILE_PATH_MAX], const char *dir, const char *a, const char *b);

/* Makes a directory and those above it, mode 0700, and makes each durable. 0 or -1. */
int file_make_dirs(const char *path);

/* Writes all of it. 0, or -1 with errno. */
int file_write(int fd, const void *data, size_t len);

/* fsync() of a directory: the names in it are durable then. 0 or -1. */
int file_sync_dir(const char *path);

#endif /* MAILSERVER_FILE_H */
