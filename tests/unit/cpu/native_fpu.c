#include "native_fpu.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CODE_SIZE 4096

struct native_fpu {
    uint8_t *code;
};

struct native_fpu *native_fpu_new(void)
{
    struct native_fpu *native = calloc(1, sizeof *native);
    if (native == NULL)
        abort();
    native->code =
        mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (native->code == MAP_FAILED)
        abort();
    return native;
}

void native_fpu_free(struct native_fpu *native)
{
    munmap(native->code, CODE_SIZE);
    free(native);
}

static uint8_t *emit(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

/* RDI: before, RSI: after, RDX: memory, RCX: eflags, R8: EAX in and out. */
typedef void native_fpu_function(const void *before, void *after, void *memory, uint64_t *eflags,
                                 uint32_t *eax);

static native_fpu_function *native_fpu_build(struct native_fpu *native, const uint8_t *load, size_t load_size,
                                             const uint8_t *code, size_t size, const uint8_t *save,
                                             size_t save_size)
{
    static const uint8_t set_flags[] = {0x41, 0x8b, 0x00,
                                        0xff, 0x31, 0x9d}; /* mov eax,[r8]; push [rcx]; popfq */
    static const uint8_t get_flags[] = {0x9c, 0x8f, 0x01, 0x41,
                                        0x89, 0x00, 0xdb, 0xe3}; /* pushfq; pop [rcx]; mov [r8],eax; fninit */
    static const uint8_t leave[] = {0xc3};
    uint8_t *at = native->code;
    at = emit(at, load, load_size);
    at = emit(at, set_flags, sizeof set_flags);
    at = emit(at, code, size);
    at = emit(at, save, save_size);
    at = emit(at, get_flags, sizeof get_flags);
    emit(at, leave, sizeof leave);
    return (native_fpu_function *)(uintptr_t)native->code;
}

void native_fpu_run_x87(struct native_fpu *native, const uint8_t *code, size_t size, const void *before,
                        void *after, void *memory, uint64_t *eflags)
{
    static const uint8_t load[] = {0xdd, 0x27}; /* frstor [rdi] */
    static const uint8_t save[] = {0xdd, 0x36}; /* fnsave [rsi] */
    uint32_t eax = 0;
    native_fpu_build(native, load, sizeof load, code, size, save, sizeof save)(before, after, memory, eflags,
                                                                               &eax);
}

void native_fpu_run_sse(struct native_fpu *native, const uint8_t *code, size_t size, const void *before,
                        void *after, void *memory, uint64_t *eflags, uint32_t *eax)
{
    static const uint8_t load[] = {0x0f, 0xae, 0x0f}; /* fxrstor [rdi] */
    static const uint8_t save[] = {0x0f, 0xae, 0x06}; /* fxsave [rsi] */
    uint32_t mxcsr = 0;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    native_fpu_build(native, load, sizeof load, code, size, save, sizeof save)(before, after, memory, eflags,
                                                                               eax);
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

/* splitmix64 */
uint64_t native_fpu_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
