/* Options about the guest. */
#include "main/guest_options.h"

#include <string.h>

void guest_options_init(struct guest_options *options)
{
    *options = (struct guest_options){
        .debugcon = "null",
        .max_instructions = UINT64_MAX,
        .timeout_ns = UINT64_MAX,
    };
    machine_config_init(&options->machine);
}

bool guest_options_set_image(struct guest_options *options, const char *path, struct error *error)
{
    if (options->image.path != NULL)
        return error_set(error, ERROR_USAGE, "two images: '%s' and '%s'; give one of them",
                         options->image.path, path);
    options->image.path = path;
    return true;
}

bool guest_options_set_kind(struct guest_options *options, enum image_kind kind, struct error *error)
{
    if (options->image.kind != IMAGE_RECOGNISE)
        return error_set(error, ERROR_USAGE, "--rom and --load-address exclude each other");
    options->image.kind = kind;
    return true;
}

static bool add_module(struct guest_options *options, const char *module, struct error *error)
{
    for (size_t i = 0; i < IMAGE_MODULES_MAX; i++) {
        if (options->image.modules[i] == NULL) {
            options->image.modules[i] = module;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "--module %s: no more than %d modules are possible", module,
                     IMAGE_MODULES_MAX);
}

static bool set_memory(struct guest_options *options, const struct options *parsed, struct error *error)
{
    const uint64_t least = 1u << 20, most = 3ull << 30, page = 4096;
    uint64_t *bytes = &options->machine.memory_bytes;
    if (!option_size(parsed, 1u << 20, bytes, error))
        return false;
    if (*bytes >= least && *bytes <= most && *bytes % page == 0)
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: from 1M to 3G of memory are possible, in whole pages of 4K",
                     parsed->spelling, parsed->value);
}

static bool set_triple_fault(const struct options *parsed, struct machine_config *machine,
                             struct error *error)
{
    machine->shutdown_resets = strcmp(parsed->value, "reset") == 0;
    if (machine->shutdown_resets || strcmp(parsed->value, "report") == 0)
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: must be report or reset", parsed->spelling, parsed->value);
}

static bool set_engine(const struct options *parsed, struct machine_config *machine, struct error *error)
{
    machine->engine = strcmp(parsed->value, "exact") == 0 ? MACHINE_ENGINE_EXACT : MACHINE_ENGINE_FAST;
    if (machine->engine == MACHINE_ENGINE_EXACT || strcmp(parsed->value, "fast") == 0)
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: must be fast or exact", parsed->spelling, parsed->value);
}

/* A place for the output of a port, in QEMU's or our words. */
static bool set_place(const struct options *parsed, const char **place, struct error *error)
{
    bool serial = strstr(parsed->spelling, "serial") != NULL;
    const char *own = serial ? "terminal" : "stderr";
    const char *where = parsed->value;
    if (strcmp(where, "none") == 0)
        where = "null";
    if (serial && strcmp(where, "mon:stdio") == 0)
        where = "terminal";
    *place = where;
    if (strcmp(where, "stdio") == 0 || strcmp(where, "null") == 0 || strcmp(where, own) == 0 ||
        (strncmp(where, "file:", 5) == 0 && where[5] != '\0'))
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: the place must be stdio, %s, null or file:PATH",
                     parsed->spelling, parsed->value, own);
}

bool guest_options_apply(struct guest_options *options, int id, const struct options *parsed,
                         struct error *error)
{
    uint64_t number;
    switch ((enum guest_option)id) {
    case GUEST_LOAD_ADDRESS:
        if (!option_number(parsed, 0, UINT32_MAX, &number, error))
            return false;
        options->image.load_address = (uint32_t)number;
        return guest_options_set_kind(options, IMAGE_FLAT, error);
    case GUEST_INITRD:
        options->image.initrd = parsed->value;
        return true;
    case GUEST_APPEND:
        options->image.command_line = parsed->value;
        return true;
    case GUEST_MODULE:
        return add_module(options, parsed->value, error);
    case GUEST_MEMORY:
        return set_memory(options, parsed, error);
    case GUEST_CPU:
        options->machine.cpu = parsed->value;
        return true;
    case GUEST_ENGINE:
        return set_engine(parsed, &options->machine, error);
    case GUEST_SERIAL:
        return set_place(parsed, &options->serial, error);
    case GUEST_DEBUGCON:
        return set_place(parsed, &options->debugcon, error);
    case GUEST_MAX_INSTRUCTIONS:
        return option_number(parsed, 1, UINT64_MAX - 1, &options->max_instructions, error);
    case GUEST_TIMEOUT:
        return option_seconds(parsed, &options->timeout_ns, error);
    case GUEST_REBOOT:
    case GUEST_NO_REBOOT:
        options->machine.reboot_stops = id == GUEST_NO_REBOOT;
        return true;
    case GUEST_TRIPLE_FAULT:
        return set_triple_fault(parsed, &options->machine, error);
    case GUEST_FAULT_TABLES:
        options->machine.fault_tables = true;
        options->explain_faults = true;
        return true;
    case GUEST_EXPLAIN_FAULTS:
        options->explain_faults = true;
        return true;
    case GUEST_OPTIONS_END:
        break;
    }
    return true;
}
