/* A pool of forked processes. */
#include "host/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/invariant.h"
#include "host/pace.h"
#include "host/signals.h"

#define EXIT_DONE 0
#define LOOK_MS   100 /* between two looks at signals and deadlines */

/* One piece that is under way, or whose result waits for its turn. */
struct piece {
    pid_t pid;      /* 0: not started */
    int descriptor; /* -1: closed, the piece has ended */
    uint64_t deadline_ns;
    bool hung;
    int status; /* of waitpid */
    uint8_t *bytes;
    size_t count, room;
};

struct pool {
    const struct workers *workers;
    struct piece *pieces;
    size_t started, handed_over;
    unsigned running;
};

bool worker_send(int descriptor, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    while (count > 0) {
        ssize_t written = write(descriptor, at, count);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            at += written;
            count -= (size_t)written;
        }
    }
    return true;
}

static _Noreturn void worker_main(const struct workers *workers, size_t number, int descriptor, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    signals_unwatch();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a failed write, which is reported */
    workers->work(workers->context, number, descriptor);
    fflush(stderr);
    _exit(EXIT_DONE);
}

static bool piece_start(struct pool *pool, struct error *error)
{
    struct piece *piece = &pool->pieces[pool->started];
    const struct workers *workers = pool->workers;
    int ends[2];
    if (pipe(ends) != 0)
        return error_set_errno(error, ERROR_HOST, "cannot make a pipe");
    fflush(NULL); /* or the worker would write what waits a second time */
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        worker_main(workers, pool->started, ends[1], parent);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_set_errno(error, ERROR_HOST, "cannot start a process");
    }
    uint64_t now = pace_host_ns(), patience = workers->patience_ns(workers->context, pool->started);
    piece->pid = pid;
    piece->descriptor = ends[0];
    piece->deadline_ns = patience > UINT64_MAX - now ? UINT64_MAX : now + patience;
    pool->started++;
    pool->running++;
    return true;
}

/* Waits for the process, whose end of the pipe is closed or which has been killed. */
static void piece_end(struct pool *pool, struct piece *piece)
{
    close(piece->descriptor);
    piece->descriptor = -1;
    while (waitpid(piece->pid, &piece->status, 0) < 0 && errno == EINTR) {
    }
    pool->running--;
}

static void piece_kill(struct pool *pool, struct piece *piece)
{
    kill(piece->pid, SIGKILL);
    piece_end(pool, piece);
}

static void piece_read(struct pool *pool, struct piece *piece)
{
    if (piece->room - piece->count < 4096) {
        piece->room = piece->room * 2 + 65536;
        piece->bytes = realloc(piece->bytes, piece->room);
        INVARIANT(piece->bytes != NULL);
    }
    ssize_t count = read(piece->descriptor, piece->bytes + piece->count, piece->room - piece->count);
    if (count > 0)
        piece->count += (size_t)count;
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
        piece_end(pool, piece);
    if (piece->descriptor >= 0 && piece->count > WORKER_BYTES_MAX) {
        piece->hung = true;
        piece_kill(pool, piece);
    }
}

static bool piece_has_ended(const struct piece *piece)
{
    return piece->pid != 0 && piece->descriptor < 0;
}

static void hand_over(struct pool *pool)
{
    const struct workers *workers = pool->workers;
    while (pool->handed_over < pool->started && piece_has_ended(&pool->pieces[pool->handed_over])) {
        struct piece *piece = &pool->pieces[pool->handed_over];
        struct worker_result result = {.bytes = piece->bytes, .count = piece->count};
        if (piece->hung) {
            result.end = WORKER_HUNG;
        } else if (!WIFEXITED(piece->status) || WEXITSTATUS(piece->status) != EXIT_DONE) {
            result.end = WORKER_CRASHED;
            result.signal = WIFSIGNALED(piece->status) ? WTERMSIG(piece->status) : 0;
        }
        workers->done(workers->context, pool->handed_over++, &result);
        free(piece->bytes);
        piece->bytes = NULL;
    }
}

/* Waits a little for bytes and ends; kills what is over its time. */
static void look_after(struct pool *pool, struct pollfd *polls)
{
    nfds_t count = 0;
    for (size_t i = pool->handed_over; i < pool->started; i++) {
        if (pool->pieces[i].descriptor >= 0)
            polls[count++] = (struct pollfd){.fd = pool->pieces[i].descriptor, .events = POLLIN};
    }
    if (poll(polls, count, LOOK_MS) < 0)
        return;
    uint64_t now = pace_host_ns();
    nfds_t at = 0;
    for (size_t i = pool->handed_over; i < pool->started; i++) {
        struct piece *piece = &pool->pieces[i];
        if (piece->descriptor < 0)
            continue;
        if (polls[at++].revents != 0) {
            piece_read(pool, piece);
        } else if (now >= piece->deadline_ns) {
            piece->hung = true;
            piece_kill(pool, piece);
        }
    }
}

static bool pool_run(struct pool *pool, struct pollfd *polls, struct error *error)
{
    const struct workers *workers = pool->workers;
    while (pool->handed_over < workers->count) {
        while (pool->running < workers->at_once && pool->started < workers->count) {
            if (!piece_start(pool, error))
                return false;
        }
        look_after(pool, polls);
        hand_over(pool);
        if (signals_caught() != 0)
            return false;
    }
    return true;
}

bool workers_run(const struct workers *workers, struct error *error)
{
    struct pool pool = {.workers = workers};
    pool.pieces = calloc(workers->count, sizeof *pool.pieces);
    struct pollfd *polls = calloc(workers->at_once, sizeof *polls);
    INVARIANT(pool.pieces != NULL && polls != NULL);
    error->kind = ERROR_NONE;
    bool finished = pool_run(&pool, polls, error);
    for (size_t i = pool.handed_over; i < pool.started; i++) {
        if (!piece_has_ended(&pool.pieces[i]))
            piece_kill(&pool, &pool.pieces[i]);
        free(pool.pieces[i].bytes);
    }
    free(polls);
    free(pool.pieces);
    return finished;
}
