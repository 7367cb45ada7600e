/* Names of mailboxes and of their folders (Maildir++): see box.h. Levels are parted by
   '.' there, so a dot within a name is written as the letters that modified UTF-7 would
   have for it. */
#include "box.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char dot[] = "&AC4-";

/* The index and the files that SQLite puts beside it are called so: a folder in such a
   place would keep it from being opened. */
static const char reserved[] = ".mailproto-index";

/* Whether it can be a mailbox: levels that are not empty, nothing invisible. */
static int is_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '/') {
        return 0;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127 || strchr("*%", *c) != NULL ||
            (*c == '/' && (c[1] == '/' || c[1] == '\0'))) {
            return 0;
        }
    }
    return 1;
}

/* Whether the first level is INBOX, in whatever case. */
static int is_inbox(const char *name)
{
    return strncasecmp(name, "INBOX", 5) == 0 && (name[5] == '\0' || name[5] == '/');
}

void box_fold(char *name)
{
    if (is_inbox(name)) {
        memcpy(name, "INBOX", 5);
    }
}

int box_folder(const char *name, char folder[BOX_NAME_MAX])
{
    char wire[BOX_NAME_MAX * 3];
    size_t len = 0, at = 0;
    folder[0] = '\0';
    if (strcmp(name, "INBOX") == 0) {
        return 0;
    }
    if (!is_name(name) || (is_inbox(name) && strncmp(name, "INBOX/", 6) != 0) ||
        mailproto_imap_utf7_encode((mailproto_bytes){name, strlen(name)}, wire,
                                   sizeof wire, &len) != MAILPROTO_OK) {
        return -1;
    }
    folder[at++] = '.';
    for (size_t i = 0; i < len; i++) {
        if (at + sizeof dot >= BOX_NAME_MAX) {
            return -1;
        }
        if (wire[i] == '.') {
            memcpy(folder + at, dot, sizeof dot - 1);
            at += sizeof dot - 1;
        } else {
            folder[at++] = wire[i] == '/' ? '.' : wire[i];
        }
    }
    folder[at] = '\0';
    return strncmp(folder, reserved, sizeof reserved - 1) == 0 ? -1 : 0;
}

char *box_name_of(const char *folder)
{
    char wire[BOX_NAME_MAX], again[BOX_NAME_MAX];
    char *name = malloc(BOX_NAME_MAX * 2);
    size_t at = 0, len = 0;
    if (name == NULL || folder[0] != '.' || strlen(folder) >= sizeof wire) {
        free(name);
        return NULL;
    }
    for (const char *c = folder + 1; *c != '\0'; c++) {
        if (strncmp(c, dot, sizeof dot - 1) == 0) {
            wire[at++] = '.';
            c += sizeof dot - 2;
        } else {
            wire[at++] = *c == '.' ? '/' : *c;
        }
    }
    if (mailproto_imap_utf7_decode((mailproto_bytes){wire, at}, name,
                                   BOX_NAME_MAX * 2 - 1, &len) != MAILPROTO_OK) {
        free(name);
        return NULL;
    }
    name[len] = '\0';
    /* Folders that no name leads to are not ours. */
    if (box_folder(name, again) < 0 || strcmp(again, folder) != 0) {
        free(name);
        return NULL;
    }
    return name;
}

/* ---- folders --------------------------------------------------------------------- */

static const char *const parts[] = {"tmp", "new", "cur"};

int box_folder_make(const char *path)
{
    char part[FILE_PATH_MAX];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (file_path(part, path, parts[i], NULL) < 0 || file_make_dirs(part) < 0) {
            return -1;
        }
    }
    return 0;
}

void box_folder_remove(const char *path)
{
    char part[FILE_PATH_MAX], file[FILE_PATH_MAX];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        DIR *dir = file_path(part, path, parts[i], NULL) < 0 ? NULL : opendir(part);
        for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
            if (e->d_name[0] != '.' && file_path(file, part, e->d_name, NULL) == 0) {
                unlink(file);
            }
        }
        if (dir != NULL) {
            closedir(dir);
        }
        rmdir(part);
    }
    if (file_path(file, path, "maildirfolder", NULL) == 0) {
        unlink(file);
    }
    rmdir(path);
}
