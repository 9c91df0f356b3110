/* An assertion on our own code, kept in release builds: a guest can never make it fail. */
#ifndef GATE86_BASE_INVARIANT_H
#define GATE86_BASE_INVARIANT_H

#define INVARIANT(condition) ((condition) ? (void)0 : invariant_failed(#condition, __FILE__, __LINE__))

/* Prints what was broken and where, then aborts. */
_Noreturn void invariant_failed(const char *condition, const char *file, int line);

#endif
