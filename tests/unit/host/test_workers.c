/* Work in processes of their own. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/pace.h"
#include "host/signals.h"
#include "host/workers.h"
#include "unit/suite.h"

#define PIECES 8

static struct {
    enum worker_end end[PIECES];
    int signal[PIECES];
    char text[PIECES][64];
    size_t done;
    size_t order[PIECES];
} seen;

static void send_text(int descriptor, const char *text)
{
    ck_assert(worker_send(descriptor, text, strlen(text)));
}

/* Piece 2 crashes after its first words, piece 4 hangs, the early ones take longest. */
static void work(void *context, size_t number, int descriptor)
{
    (void)context;
    char text[64];
    snprintf(text, sizeof text, "piece %zu", number);
    send_text(descriptor, text);
    if (number == 2)
        raise(SIGKILL);
    if (number == 4)
        pause();
    if (number == 5)
        _exit(7);
    usleep((useconds_t)(PIECES - number) * 5000);
    send_text(descriptor, " is done");
}

static void done(void *context, size_t number, const struct worker_result *result)
{
    (void)context;
    seen.order[seen.done++] = number;
    seen.end[number] = result->end;
    seen.signal[number] = result->signal;
    memcpy(seen.text[number], result->bytes, result->count < 63 ? result->count : 63);
}

static uint64_t patience_ns(void *context, size_t number)
{
    (void)context;
    return number == 4 ? 300000000u : UINT64_MAX;
}

static struct workers pieces(size_t count, unsigned at_once)
{
    memset(&seen, 0, sizeof seen);
    return (struct workers){
        .count = count, .at_once = at_once, .work = work, .done = done, .patience_ns = patience_ns};
}

START_TEST(results_come_in_order_whatever_becomes_of_a_worker)
{
    for (unsigned at_once = 1; at_once <= 16; at_once *= 4) {
        struct error error;
        const struct workers workers = pieces(PIECES, at_once);
        ck_assert(workers_run(&workers, &error));
        ck_assert_uint_eq(seen.done, PIECES);
        for (size_t i = 0; i < PIECES; i++) {
            char whole[64];
            ck_assert_uint_eq(seen.order[i], i);
            snprintf(whole, sizeof whole, "piece %zu%s", i, i == 2 || i == 4 || i == 5 ? "" : " is done");
            ck_assert_str_eq(seen.text[i], whole);
            ck_assert_int_eq(seen.end[i], i == 2 || i == 5 ? WORKER_CRASHED
                                          : i == 4         ? WORKER_HUNG
                                                           : WORKER_DONE);
        }
        ck_assert_int_eq(seen.signal[2], SIGKILL);
        ck_assert_int_eq(seen.signal[5], 0);
    }
}
END_TEST

static void work_long(void *context, size_t number, int descriptor)
{
    (void)context;
    (void)number;
    usleep(400000);
    send_text(descriptor, "done");
}

START_TEST(workers_work_at_once)
{
    struct error error;
    struct workers workers = pieces(PIECES, PIECES);
    workers.work = work_long;
    workers.patience_ns = patience_ns;
    uint64_t start = pace_host_ns();
    workers.count = 4; /* piece 4 would be out of patience */
    ck_assert(workers_run(&workers, &error));
    ck_assert_uint_eq(seen.done, 4);
    ck_assert_uint_lt(pace_host_ns() - start, 4 * 400000000u);
}
END_TEST

static void raise_on_first(void *context, size_t number, const struct worker_result *result)
{
    done(context, number, result);
    if (seen.done == 1)
        raise(SIGTERM);
}

START_TEST(a_signal_ends_all_workers)
{
    struct error error = {ERROR_HOST, ""};
    struct workers workers = pieces(PIECES, 2);
    workers.done = raise_on_first;
    signals_watch(NULL);
    ck_assert(!workers_run(&workers, &error));
    ck_assert_int_eq(signals_caught(), SIGTERM);
    signals_unwatch();
    ck_assert_int_eq(error.kind, ERROR_NONE);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

static void work_much(void *context, size_t number, int descriptor)
{
    (void)context;
    (void)number;
    for (unsigned i = 0; i < 300000; i++)
        ck_assert(worker_send(descriptor, &i, sizeof i));
}

static void done_much(void *context, size_t number, const struct worker_result *result)
{
    (void)context;
    (void)number;
    ck_assert_uint_eq(result->count, 300000 * sizeof(unsigned));
    for (unsigned i = 0; i < 300000; i++) {
        unsigned value;
        memcpy(&value, result->bytes + i * sizeof value, sizeof value);
        ck_assert_uint_eq(value, i);
    }
    seen.done++;
}

START_TEST(more_than_a_pipe_holds_arrives_whole)
{
    struct error error;
    struct workers workers = pieces(1, 1);
    workers.work = work_much;
    workers.done = done_much;
    ck_assert(workers_run(&workers, &error));
    ck_assert_uint_eq(seen.done, 1);
}
END_TEST

UNIT_SUITE("workers", results_come_in_order_whatever_becomes_of_a_worker, workers_work_at_once,
           a_signal_ends_all_workers, more_than_a_pipe_holds_arrives_whole)
