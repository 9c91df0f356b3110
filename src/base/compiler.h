/* What the compiler is asked to do for us, under names of our own. gcc and clang only. */
#ifndef GATE86_BASE_COMPILER_H
#define GATE86_BASE_COMPILER_H

#define MUST_USE                 __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define ALWAYS_INLINE            static inline __attribute__((always_inline))
#define NEVER_INLINE             __attribute__((noinline, cold))
#define LIKELY(condition)        __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition)      __builtin_expect(!!(condition), 0)
#define ARRAY_LENGTH(array)      (sizeof(array) / sizeof((array)[0]))

#endif
