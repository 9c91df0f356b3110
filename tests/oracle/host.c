/* Starting and feeding the 32-bit program; see host.h. */
#define _GNU_SOURCE
#include "host.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 10000 /* a batch takes some milliseconds */

static void process_kill(struct oracle_host *host)
{
    if (host->process <= 0)
        return;
    kill(host->process, SIGKILL);
    waitpid(host->process, NULL, 0);
    close(host->commands);
    close(host->replies);
    host->process = 0;
}

static _Noreturn void process_become(const struct oracle_host *host, int commands, int replies)
{
    /* 3 last: the batch itself may be 0 or 1 nowhere, but the pipes may well be 3. */
    int batch = fcntl(host->batch_descriptor, F_DUPFD, 10);
    int in = fcntl(commands, F_DUPFD, 10), out = fcntl(replies, F_DUPFD, 10);
    if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(batch, 3) == 3)
        execl(host->path, host->path, (char *)NULL);
    _exit(127);
}

static bool word_read(const struct oracle_host *host, uint32_t *word)
{
    struct pollfd wait = {.fd = host->replies, .events = POLLIN};
    return poll(&wait, 1, ANSWER_MS) == 1 && read(host->replies, word, sizeof *word) == sizeof *word;
}

static bool process_start(struct oracle_host *host)
{
    int commands[2], replies[2];
    if (pipe(commands) != 0)
        return false;
    if (pipe(replies) != 0) {
        close(commands[0]);
        close(commands[1]);
        return false;
    }
    host->process = fork();
    if (host->process == 0)
        process_become(host, commands[0], replies[1]);
    close(commands[0]);
    close(replies[1]);
    host->commands = commands[1];
    host->replies = replies[0];
    uint32_t hello = 0;
    if (host->process > 0 && word_read(host, &hello) && (hello & ORACLE_HELLO_MASK) == ORACLE_HELLO) {
        host->capabilities = hello & ~ORACLE_HELLO_MASK;
        return true;
    }
    process_kill(host);
    return false;
}

struct oracle_host *host_start(const char *path, const char **why)
{
    struct oracle_host *host = calloc(1, sizeof *host);
    *why = "the host has no shared memory";
    if (host == NULL)
        return NULL;
    host->path = path;
    signal(SIGPIPE, SIG_IGN); /* a dead process is noticed by its silence */
    host->batch_descriptor = memfd_create("oracle", MFD_CLOEXEC);
    if (host->batch_descriptor >= 0 && ftruncate(host->batch_descriptor, sizeof *host->batch) == 0) {
        void *batch =
            mmap(NULL, sizeof *host->batch, PROT_READ | PROT_WRITE, MAP_SHARED, host->batch_descriptor, 0);
        host->batch = batch != MAP_FAILED ? batch : NULL;
    }
    if (host->batch != NULL) {
        if (process_start(host))
            return host;
        *why = "the host does not run 32-bit x86 programs";
    }
    host_stop(host);
    return NULL;
}

void host_stop(struct oracle_host *host)
{
    if (host == NULL)
        return;
    process_kill(host);
    if (host->batch != NULL)
        munmap(host->batch, sizeof *host->batch);
    if (host->batch_descriptor >= 0)
        close(host->batch_descriptor);
    free(host);
}

bool host_run(struct oracle_host *host, uint32_t count)
{
    uint32_t answer = 0;
    if (host->process > 0 && write(host->commands, &count, sizeof count) == sizeof count &&
        word_read(host, &answer) && answer == count)
        return true;
    process_kill(host);
    (void)!process_start(host);
    return false;
}
