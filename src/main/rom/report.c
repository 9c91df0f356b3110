/* The three reports. */
#include "main/rom/report.h"

#include <string.h>

#include "base/compiler.h"
#include "main/exit_status.h"
#include "main/report.h"

#define SHOWN_FAILURES 50 /* cases of one ROM in the summary */

int rom_status_worse(int a, int b)
{
    static const int order[] = {EXIT_USAGE,      EXIT_INPUT,  EXIT_UNIMPLEMENTED, EXIT_TRIPLE_FAULT,
                                EXIT_TIME_LIMIT, EXIT_HALTED, EXIT_GUEST_FAILED};
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        if (a == order[i] || b == order[i])
            return order[i];
    }
    return EXIT_PASSED;
}

/* ---- summary ---- */

static void print_indented(const char *text, const char *prefix, FILE *out)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", prefix, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_counts(const size_t of_kind[ROM_CASE_KINDS], FILE *out)
{
    fprintf(out, "%zu passed, %zu failed, %zu skipped", of_kind[ROM_PASS], of_kind[ROM_FAIL],
            of_kind[ROM_SKIP]);
}

static void summary_add(const struct rom_report *report, const char *name, const struct rom_result *result)
{
    FILE *out = report->out;
    fprintf(out, "%s %s: ", result->status == EXIT_PASSED ? "PASS" : "FAIL", name);
    print_counts(result->cases.of_kind, out);
    fprintf(out, "; %s; ", result->end);
    report_print_grouped(result->instructions, out);
    fprintf(out, " instructions, %.2f s\n", (double)result->host_ns / 1e9);
    size_t shown = 0;
    for (size_t i = 0; i < result->cases.count && shown < SHOWN_FAILURES; i++) {
        const struct rom_case *one = &result->cases.list[i];
        if (one->kind != ROM_FAIL)
            continue;
        shown++;
        fprintf(out, "  FAIL %s%s%s\n", one->name, one->detail[0] != '\0' ? "  " : "", one->detail);
    }
    if (shown < result->cases.of_kind[ROM_FAIL])
        fprintf(out, "  and %zu more\n", result->cases.of_kind[ROM_FAIL] - shown);
    if (result->status > EXIT_GUEST_FAILED && result->text[0] != '\0') {
        fprintf(out, "  The last that the guest printed:\n");
        print_indented(result->text, "  | ", out);
    }
    print_indented(result->explanation, "  ", out);
}

/* ---- TAP 13 ---- */

/* '#' would begin a directive. */
static void tap_print(const char *text, FILE *out)
{
    for (; *text != '\0'; text++)
        fputc(*text == '#' || *text == '\n' ? ' ' : *text, out);
}

static void tap_add(struct rom_report *report, const char *name, const struct rom_result *result)
{
    FILE *out = report->out;
    for (size_t i = 0; i < result->cases.count; i++) {
        const struct rom_case *one = &result->cases.list[i];
        fprintf(out, "%sok %llu - ", one->kind == ROM_FAIL ? "not " : "",
                (unsigned long long)++report->tap_number);
        tap_print(name, out);
        fputs(": ", out);
        tap_print(one->name, out);
        if (one->kind == ROM_SKIP) {
            fputs(" # SKIP ", out);
            tap_print(one->detail, out);
        }
        fputc('\n', out);
        if (one->kind == ROM_FAIL && one->detail[0] != '\0')
            print_indented(one->detail, "# ", out);
    }
    print_indented(result->explanation, "# ", out);
}

/* ---- JUnit ---- */

/* What XML 1.0 cannot hold, and what is not plain ASCII of a guest, becomes '?'. */
static void xml_print(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '&')
            fputs("&amp;", out);
        else if (byte == '<')
            fputs("&lt;", out);
        else if (byte == '>')
            fputs("&gt;", out);
        else if (byte == '"')
            fputs("&quot;", out);
        else if (byte == '\n' || (byte >= ' ' && byte < 0x7f))
            fputc(byte, out);
        else
            fputc('?', out);
    }
}

static void junit_attribute(const char *attribute, const char *value, FILE *out)
{
    fprintf(out, " %s=\"", attribute);
    xml_print(value, out);
    fputc('"', out);
}

static void junit_case(const char *suite, const struct rom_case *one, FILE *out)
{
    static const char *const elements[ROM_CASE_KINDS] = {[ROM_FAIL] = "failure", [ROM_SKIP] = "skipped"};
    fputs("    <testcase", out);
    junit_attribute("classname", suite, out);
    junit_attribute("name", one->name, out);
    if (one->kind == ROM_PASS) {
        fputs("/>\n", out);
        return;
    }
    fprintf(out, "><%s", elements[one->kind]);
    junit_attribute("message", one->detail, out);
    fputs("/></testcase>\n", out);
}

static void junit_text(const char *element, const char *text, FILE *out)
{
    if (text[0] == '\0')
        return;
    fprintf(out, "    <%s>", element);
    xml_print(text, out);
    fprintf(out, "</%s>\n", element);
}

static void junit_add(FILE *out, const char *name, const struct rom_result *result)
{
    fputs("  <testsuite", out);
    junit_attribute("name", name, out);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
            result->cases.count, result->cases.of_kind[ROM_FAIL], result->cases.of_kind[ROM_SKIP],
            (double)result->host_ns / 1e9);
    for (size_t i = 0; i < result->cases.count; i++)
        junit_case(name, &result->cases.list[i], out);
    junit_text("system-out", result->text, out);
    junit_text("system-err", result->explanation, out);
    fputs("  </testsuite>\n", out);
}

/* ---- the whole ---- */

void rom_report_begin(struct rom_report *report, FILE *out, bool tap, FILE *junit)
{
    *report = (struct rom_report){.out = out, .junit = junit, .tap = tap};
    if (tap)
        fputs("TAP version 13\n", out);
    if (junit != NULL)
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gate86 rom\">\n", junit);
}

void rom_report_add(struct rom_report *report, const char *name, const struct rom_result *result)
{
    report->roms++;
    report->roms_passed += result->status == EXIT_PASSED;
    for (unsigned kind = 0; kind < ROM_CASE_KINDS; kind++)
        report->of_kind[kind] += result->cases.of_kind[kind];
    report->status = rom_status_worse(report->status, result->status);
    if (report->tap)
        tap_add(report, name, result);
    else
        summary_add(report, name, result);
    if (report->junit != NULL)
        junit_add(report->junit, name, result);
    fflush(report->out);
}

int rom_report_end(struct rom_report *report, bool complete)
{
    if (report->junit != NULL)
        fputs("</testsuites>\n", report->junit);
    bool nothing_passed = complete && report->of_kind[ROM_PASS] == 0 && report->status == EXIT_PASSED;
    if (report->tap && complete)
        fprintf(report->out, "1..%llu\n", (unsigned long long)report->tap_number);
    else if (report->tap)
        fputs("Bail out! not all ROMs were run\n", report->out);
    else
        fprintf(report->out, "%s: %zu of %zu ROMs passed; %llu passed, %llu failed, %llu skipped\n",
                report->status == EXIT_PASSED && complete && !nothing_passed ? "PASS" : "FAIL",
                report->roms_passed, report->roms, (unsigned long long)report->of_kind[ROM_PASS],
                (unsigned long long)report->of_kind[ROM_FAIL], (unsigned long long)report->of_kind[ROM_SKIP]);
    if (!complete && !report->tap)
        fputs("Not all ROMs were run.\n", report->out);
    if (nothing_passed)
        fputs(report->tap ? "# nothing passed: all checks were skipped\n"
                          : "Nothing passed: all checks were skipped.\n",
              report->out);
    return nothing_passed || !complete ? rom_status_worse(report->status, EXIT_GUEST_FAILED) : report->status;
}
