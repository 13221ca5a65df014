/* Counts the calls with which a process changes files below one folder, and lets the process end at one of them, or
   lets the call fail. Preloaded and armed by injected.py. Needs no header, so that a compiler alone builds it. */

typedef unsigned long size_type;
typedef long signed_type;

extern void *dlsym(void *, const char *);
extern int *__errno_location(void);
extern int getpid(void);
extern int kill(int, int);
extern int snprintf(char *, size_type, const char *, ...);
extern signed_type readlink(const char *, char *, size_type);
extern size_type strlen(const char *);
extern int strncmp(const char *, const char *, size_type);

enum fault { COUNT, KILLED, KILLED_IN_HALF, FAILS, FAILS_FROM_THERE_ON, HALF_THEN_FULL };
enum { SIGNAL_KILL = 9, NO_SPACE = 28, CREATE = 0100, CALLS_MAX = 4096, PATH_MAX_BYTES = 4096 };

static char below[PATH_MAX_BYTES];
static enum fault fault;
static signed_type at, counted;
static int number;
static char names[CALLS_MAX + 1];

/* Begin to count, from one; ERROR is what a failing call reports. */
void faults_arm(const char *folder, int what, signed_type call, int error) {
    snprintf(below, sizeof below, "%s", folder);
    fault = (enum fault) what;
    at = call;
    number = error;
    counted = 0;
}

/* How many calls were counted, and one letter for each of them. */
signed_type faults_counted(void) { return counted; }
const char *faults_names(void) { return names; }

static void *next(const char *name) { return dlsym((void *) -1L, name); }

static int is_below(const char *path) { return below[0] && !strncmp(path, below, strlen(below)); }

static int is_open_below(int fd) {
    char link[64], path[PATH_MAX_BYTES];
    signed_type length;
    if (!below[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static void end(void) { kill(getpid(), SIGNAL_KILL); }

/* Count one call; answer whether it fails. A write that goes wrong in the middle says so in HALF. */
static int goes_wrong(char name, int *half) {
    if (counted < CALLS_MAX) names[counted] = name, names[counted + 1] = 0;
    counted++;
    if (fault == COUNT || counted < at) return 0;
    if (counted > at && fault != FAILS_FROM_THERE_ON && fault != HALF_THEN_FULL) return 0;
    if (half && counted == at && (fault == KILLED_IN_HALF || fault == HALF_THEN_FULL)) { *half = 1; return 0; }
    if (fault == KILLED || fault == KILLED_IN_HALF) end();
    *__errno_location() = fault == HALF_THEN_FULL ? NO_SPACE : number;
    return 1;
}

#define CHANGES(letter, is_ours) int half = 0; if ((is_ours) && goes_wrong(letter, &half)) return -1
#define WHOLE(letter, is_ours) if ((is_ours) && goes_wrong(letter, 0)) return -1
#define WRITTEN(call) signed_type done = call; if (half && fault == KILLED_IN_HALF) end(); return done

signed_type pwrite64(int fd, const void *data, size_type size, signed_type offset) {
    signed_type (*real)(int, const void *, size_type, signed_type) = next("pwrite64");
    CHANGES('w', is_open_below(fd));
    WRITTEN(real(fd, data, half ? size / 2 : size, offset));
}

signed_type pwrite(int fd, const void *data, size_type size, signed_type offset) {
    return pwrite64(fd, data, size, offset);
}

signed_type write(int fd, const void *data, size_type size) {
    signed_type (*real)(int, const void *, size_type) = next("write");
    CHANGES('w', is_open_below(fd));
    WRITTEN(real(fd, data, half ? size / 2 : size));
}

int fsync(int fd) {
    int (*real)(int) = next("fsync");
    WHOLE('s', is_open_below(fd));
    return real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = next("fdatasync");
    WHOLE('s', is_open_below(fd));
    return real(fd);
}

int ftruncate64(int fd, signed_type size) {
    int (*real)(int, signed_type) = next("ftruncate64");
    WHOLE('t', is_open_below(fd));
    return real(fd, size);
}

int ftruncate(int fd, signed_type size) { return ftruncate64(fd, size); }

int unlink(const char *path) {
    int (*real)(const char *) = next("unlink");
    WHOLE('u', is_below(path));
    return real(path);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = next("rename");
    WHOLE('r', is_below(to));
    return real(from, to);
}

static int opened(const char *name, const char *path, int flags, int mode) {
    int (*real)(const char *, int, int) = next(name);
    WHOLE('o', (flags & CREATE) && is_below(path));
    return real(path, flags, mode);
}

int open(const char *path, int flags, int mode) { return opened("open", path, flags, mode); }
int open64(const char *path, int flags, int mode) { return opened("open64", path, flags, mode); }
