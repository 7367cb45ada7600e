/* Runs a fuzz target without libFuzzer: over every file it is given, then over
 * pseudo-random inputs that are the same in each run (-s changes the seed).
 *
 *     fuzz_x [-n count] [-s seed] [file or folder]...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 4096u
#define SEEDS_MAX 4096u

static struct {
    uint8_t *data;
    size_t size;
} seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t random_state = 88172645463325252u;

/* xorshift64: the same numbers everywhere, which rand() does not promise. */
static size_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)((random_state >> 11) % limit);
}

/* An exact copy on the heap, so that a sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(1, size != 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int add_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0;
    size_t got = 0;

    if (file == NULL) {
        perror(path);
        return -1;
    }
    do {
        uint8_t *bigger = realloc(data, size + 65536);
        if (bigger == NULL) {
            abort();
        }
        data = bigger;
        got = fread(data + size, 1, 65536, file);
        size += got;
    } while (got != 0);
    fclose(file);
    run(data, size);
    if (seed_count < SEEDS_MAX) {
        seeds[seed_count].data = data;
        seeds[seed_count].size = size;
        seed_count++;
    } else {
        free(data);
    }
    return 0;
}

static int add_path(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int failed = 0;

    if (folder == NULL) {
        return add_file(path);
    }
    while ((entry = readdir(folder)) != NULL) {
        char name[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        if ((size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) <
            sizeof name) {
            failed |= add_file(name);
        }
    }
    closedir(folder);
    return failed;
}

/* Half of the inputs are seeds with some bytes changed, half are made up, mostly of the
 * bytes that mean something to a mail parser. */
static size_t make_input(uint8_t *out)
{
    static const char known[] = "\r\n\r\n. \t-+=*<>()@:;,\"\\\0 {}250AMRaz";
    size_t size;
    size_t i;

    if (seed_count != 0 && random_below(2) == 0) {
        size_t pick = random_below(seed_count);
        size = seeds[pick].size < INPUT_MAX ? seeds[pick].size : INPUT_MAX;
        if (size != 0) {
            memcpy(out, seeds[pick].data, size);
            for (i = 1 + random_below(8); i != 0; i--) {
                out[random_below(size)] = (uint8_t)known[random_below(sizeof known)];
            }
            size -= random_below(4) == 0 ? random_below(size) : 0;
        }
        return size;
    }
    size = random_below(random_below(8) == 0 ? INPUT_MAX : 64);
    for (i = 0; i < size; i++) {
        out[i] = random_below(8) == 0 ? (uint8_t)random_below(256)
                                      : (uint8_t)known[random_below(sizeof known)];
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t input[INPUT_MAX];
    unsigned long count = 1000;
    unsigned long n;
    int failed = 0;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
            count = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc) {
            random_state ^= strtoul(argv[++i], NULL, 10) * 2654435761u;
        } else {
            failed |= add_path(argv[i]);
        }
    }
    run(input, 0);
    for (n = 0; n < count; n++) {
        size_t size = make_input(input);
        run(input, size);
    }
    printf("%lu seeds, %lu made up\n", (unsigned long)seed_count, count);
    while (seed_count != 0) {
        free(seeds[--seed_count].data);
    }
    return failed != 0;
}
