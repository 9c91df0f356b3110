; Delivery through the IDT: gates, EXT, the handler's code segment. SDM 2A INT n/INTO/INT 3, 3A 6.10 to 6.13.
; int_frames.asm is the second part.
%include "lib/rom.inc"

V               equ 0x50            ; the vector of most checks
SELECTOR        equ FREE            ; the descriptor under test
IDT_CODE        equ V * 8 + 2       ; error code that names the gate: IDT bit set

; What a handler of ring 0 at .handler finds, entered from CPL 3 by an instruction of two bytes
%macro WANT_INNER 2  ; EFLAGS in the image, saved EIP
    WANT cs, CS0
    WANT ss, DS0
    WANT eip, .handler
    WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, %1, CS3 | 3, %2
%endmacro

; ================ the gate ================

; SDM 3A 6.11: task, interrupt and trap gates, and nothing else. %1 is the access byte's low five bits.
%macro GATE_TYPE_FAULTS 2
CHECK int.gate_type_%1_is_gp_at_cpl_%2, "SDM 2A INT n"
    IN PM32, %2
    GATE V, CS0, .handler, PRESENT | DPL(3) | %1
CODE
    int V
.handler:
EXPECT GP, IDT_CODE
%endmacro
%assign type 0
%rep 32
    %if type != TASK_GATE && type != INT_GATE16 && type != TRAP_GATE16 && type != INT_GATE32 && type != TRAP_GATE32
        GATE_TYPE_FAULTS %[type], 3
    %endif
    %assign type type + 1
%endrep
GATE_TYPE_FAULTS 0, 0
GATE_TYPE_FAULTS 12, 0
GATE_TYPE_FAULTS 27, 0

%macro GATE_NOT_PRESENT 2
CHECK int.%1_not_present_is_np, "SDM 2A INT n"
    GATE V, CS0, .handler, DPL(3) | %2
CODE
    int V
.handler:
EXPECT NP, IDT_CODE
%endmacro
GATE_NOT_PRESENT task_gate, TASK_GATE
GATE_NOT_PRESENT interrupt_gate_16, INT_GATE16
GATE_NOT_PRESENT trap_gate_16, TRAP_GATE16
GATE_NOT_PRESENT interrupt_gate_32, INT_GATE32
GATE_NOT_PRESENT trap_gate_32, TRAP_GATE32

CHECK int.wrong_type_comes_before_dpl_and_presence, "SDM 2A INT n"
    GATE V, CS0, .handler, DPL(0) | CALL_GATE32
CODE
    int V
.handler:
EXPECT GP, IDT_CODE

CHECK int.dpl_comes_before_presence, "SDM 2A INT n"
    GATE V, CS0, .handler, DPL(2) | INT_GATE32
CODE
    int V
.handler:
EXPECT GP, IDT_CODE

; ---- beyond the IDT limit ----
%macro BEYOND_IDT 3
CHECK int.idt_limit_%3_at_cpl_%2_in_%1, "SDM 2A INT n"
    IN %1, %2
    SET idtlimit, V * 8 + %3
    %if %3 == 7
        GATE V, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
    %endif
CODE
    int V
    %if %3 == 7
    bits 32
.handler:
EXPECT LANDED, .handler
    %if %2 == 3
        %ifidni %1, PM32
            WANT_INNER START_FLAGS, .handler
        %endif
    %else
        WANT_PUSHED dword, STACK0_CHECK, START_FLAGS, CS0, .handler
    %endif
    %else
EXPECT GP, IDT_CODE
    %endif
%endmacro
BEYOND_IDT PM32, 3, 7               ; the last byte of the gate is inside
BEYOND_IDT PM32, 0, 7
BEYOND_IDT PM32, 3, 6
BEYOND_IDT PM32, 3, 5
BEYOND_IDT PM32, 3, 0
BEYOND_IDT PM32, 0, 6
BEYOND_IDT PM16, 3, 6

; ---- DPL of the gate (SDM 3A 6.12.1.2): for INT n, INT3, INTO only ----
%macro GATE_DPL 5  ; CPL, DPL, name, vector, bytes
CHECK int.%3_at_cpl_%1_through_gate_of_dpl_%2, "SDM 3A 6.12.1.2"
    IN PM32, %1
    GATE %4, CS0, .handler, PRESENT | DPL(%2) | TRAP_GATE32
    SET_FLAGS OF
CODE
    db %5
.handler:
%if %1 > %2
EXPECT GP, (%4) * 8 + 2
%else
EXPECT END
    %if %1 == 0
        WANT_PUSHED dword, STACK0_CHECK, START_FLAGS, CS0, .handler
    %else
        WANT cs, CS0
        WANT ss, DS0
        WANT_PUSHED dword, STACK0, DS%1 | %1, STACK%1, START_FLAGS, CS%1 | %1, .handler
    %endif
%endif
%endmacro
%assign cpl 0
%rep 4
    %assign dpl 0
    %rep 4
        GATE_DPL %[cpl], %[dpl], int_n, V, {0xcd, V}
        GATE_DPL %[cpl], %[dpl], int3, 3, 0xcc
        GATE_DPL %[cpl], %[dpl], int_3_of_two_bytes, 3, {0xcd, 3}
        GATE_DPL %[cpl], %[dpl], into, 4, 0xce
        %assign dpl dpl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

CHECK int.into_without_of_does_nothing, "SDM 2A INT n"
    CLEAR_FLAGS OF
CODE
    into
EXPECT END

; ---- INT1 (F1h): a hardware exception, no software interrupt ----
%macro INT1_CHECK 1
CHECK int.int1_at_cpl_%1_skips_the_dpl_check, "SDM 2A INT n, 3A 6.12.1.2"
    IN PM32, %1
CODE
    db 0xf1
EXPECT DB
%endmacro
INT1_CHECK 0
INT1_CHECK 1
INT1_CHECK 2
INT1_CHECK 3

CHECK int.int1_not_present_sets_ext, "SDM 3A 6.13"
    GATE VECTOR_DB, CS0, .handler, INT_GATE32
CODE
    db 0xf1
.handler:
EXPECT NP, VECTOR_DB * 8 + 3

; Not INT1 but INT n
CHECK int.int_1_of_two_bytes_obeys_dpl, "SDM 2A INT n"
CODE
    int 1
EXPECT GP, VECTOR_DB * 8 + 2

; ================ EXT ================
; SDM 3A 6.13: set while an external interrupt, an exception or INT1 is delivered, clear for INT n, INT3, INTO.

%macro EXT_GATE_NOT_PRESENT 4  ; name, vector, bytes, EXT
CHECK int.ext_is_%4_for_%1, "SDM 3A 6.13"
    GATE %2, CS0, .handler, DPL(3) | INT_GATE32
    SET_FLAGS OF
CODE
    db %3
.handler:
EXPECT NP, (%2) * 8 + 2 + %4
%endmacro
EXT_GATE_NOT_PRESENT int_n, V, {0xcd, V}, 0
EXT_GATE_NOT_PRESENT int3, 3, 0xcc, 0
EXT_GATE_NOT_PRESENT into, 4, 0xce, 0
EXT_GATE_NOT_PRESENT ud2, 6, {0x0f, 0x0b}, 1
EXT_GATE_NOT_PRESENT int_6_of_two_bytes, 6, {0xcd, 6}, 0

%macro EXT_CS_NULL 4
CHECK int.cs_null_has_ext_%4_for_%1, "SDM 2A INT n"
    GATE %2, 0, .handler, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS OF
CODE
    db %3
.handler:
EXPECT GP, %4
%endmacro
EXT_CS_NULL int_n, V, {0xcd, V}, 0
EXT_CS_NULL int3, 3, 0xcc, 0
EXT_CS_NULL into, 4, 0xce, 0
EXT_CS_NULL int1, 1, 0xf1, 1
EXT_CS_NULL ud2, 6, {0x0f, 0x0b}, 1

CHECK int.ext_is_1_for_divide_error_then_double_fault, "SDM 3A 6.15"
    GATE VECTOR_DE, 0, 0, PRESENT | INT_GATE32
    SET ecx, 0
CODE
    div ecx
EXPECT DF, 0                        ; #DE and #GP are both contributory

CHECK int.ext_is_1_for_an_external_interrupt, "SDM 3A 6.13"
    GATE VECTOR_IRQ0, CS0, 0, INT_GATE32
    SET_FLAGS IF
    REQUEST_IRQ0
CODE
    nop
EXPECT NP, VECTOR_IRQ0 * 8 + 3
WANT_BITS eflags, ~RF               ; SDM 3B 17.3.1.1 speaks of faults of instructions only

CHECK int.external_interrupt_with_cs_null, "SDM 3A 6.13"
    GATE VECTOR_IRQ0, 0, 0, PRESENT | INT_GATE32
    SET_FLAGS IF
    REQUEST_IRQ0
CODE
    nop
EXPECT GP, 1
WANT_BITS eflags, ~RF

CHECK int.external_interrupt_beyond_the_idt, "SDM 3A 6.13"
    SET idtlimit, VECTOR_IRQ0 * 8 + 6
    SET_FLAGS IF
    REQUEST_IRQ0
CODE
    nop
EXPECT GP, VECTOR_IRQ0 * 8 + 3
WANT_BITS eflags, ~RF

CHECK int.external_interrupt_ignores_the_gate_dpl, "SDM 3A 6.12.1.2"
    SET_FLAGS IF
    REQUEST_IRQ0
CODE
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT eip, .code

; ================ the handler's code segment ================

; INT n from CPL %1 to SELECTOR | %2 (RPL does not count), which is a %4 descriptor; expects %5, %6
%macro HANDLER_CS 5-6
CHECK int.handler_%3_from_cpl_%1, "SDM 2A INT n"
    IN PM32, %1
    GATE V, SELECTOR | %2, .handler, PRESENT | DPL(3) | INT_GATE32
    DESC SELECTOR, 0, 0xfffff, %4, BIG | PAGES_4K
CODE
    int V
.handler:
EXPECT %5, %6
%endmacro

; Null by the selector, not by what entry 0 of the GDT holds
%macro HANDLER_CS_NULL 1
CHECK int.handler_cs_null_with_rpl_%1, "SDM 2A INT n"
    DESC 0, 0, 0xfffff, PRESENT | CODE_XR, BIG | PAGES_4K
    GATE V, %1, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT GP, 0
%endmacro
HANDLER_CS_NULL 0
HANDLER_CS_NULL 1
HANDLER_CS_NULL 2
HANDLER_CS_NULL 3

%macro HANDLER_CS_BEYOND 2
CHECK int.handler_cs_beyond_the_%1, "SDM 2A INT n"
    GATE V, %2, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT GP, (%2) & 0xfffc
%endmacro
HANDLER_CS_BEYOND gdt, GDT_LIMIT + 1
HANDLER_CS_BEYOND gdt_by_far_with_rpl_3, 0xfffb
HANDLER_CS_BEYOND ldt, LDT_LIMIT + 1 | TI
HANDLER_CS_BEYOND ldt_by_far_with_rpl_3, 0xffff

CHECK int.handler_cs_descriptor_ends_beyond_the_gdt, "SDM 3A 3.5.1"
    IN PM32, 0
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | INT_GATE32
    DESC SELECTOR, 0, 0xfffff, PRESENT | CODE_XR, BIG | PAGES_4K
    SET gdtlimit, SELECTOR + 6
CODE
    int V
.handler:
EXPECT GP, SELECTOR

CHECK int.handler_cs_without_an_ldt, "SDM 2A INT n"
    GATE V, 4, .handler, PRESENT | DPL(3) | INT_GATE32
    xor eax, eax
    lldt ax
CODE
    int V
.handler:
EXPECT GP, 4

CHECK int.handler_cs_in_the_ldt, "SDM 2A INT n"
    DESC 8 | TI, 0, 0xfffff, PRESENT | CODE_XR, BIG | PAGES_4K
    GATE V, 8 | TI, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT END
WANT_INNER START_FLAGS, .handler
WANT cs, 8 | TI
WANT_TYPE 8 | TI, PRESENT | CODE_XR | ACCESSED

%assign type 0
%rep 24                             ; system descriptors and data segments
    HANDLER_CS 3, 0, type_%[type]_is_gp, PRESENT | %[type], GP, SELECTOR
    %assign type type + 1
%endrep
HANDLER_CS 3, 0, not_code_comes_before_presence, DATA_RW, GP, SELECTOR
HANDLER_CS 3, 0, code_not_present_is_np, CODE_XR, NP, SELECTOR
HANDLER_CS 3, 3, code_not_present_is_np_without_rpl, CODE_XR, NP, SELECTOR
HANDLER_CS 0, 0, conforming_not_present_is_np, CODE_CONFORMING, NP, SELECTOR

; DPL of the handler's segment above CPL
%macro HANDLER_DPL 3
    HANDLER_CS %1, 0, %3_of_dpl_%2_is_gp, PRESENT | DPL(%2) | CODE_XR, GP, SELECTOR
    HANDLER_CS %1, 0, %3_of_dpl_%2_not_present_is_gp, DPL(%2) | CODE_XR, GP, SELECTOR
    HANDLER_CS %1, 0, conforming_of_dpl_%2_is_gp, PRESENT | DPL(%2) | CODE_CONFORMING_R, GP, SELECTOR
%endmacro
HANDLER_DPL 0, 1, code
HANDLER_DPL 0, 2, code
HANDLER_DPL 0, 3, code
HANDLER_DPL 1, 2, code
HANDLER_DPL 1, 3, code
HANDLER_DPL 2, 3, code

; The selector in the gate has any RPL; CS gets the new CPL.
%macro HANDLER_RPL 1
CHECK int.handler_selector_with_rpl_%1, "SDM 2A INT n"
    GATE V, CS0 | %1, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT END
WANT_INNER START_FLAGS, .handler
%endmacro
HANDLER_RPL 1
HANDLER_RPL 2
HANDLER_RPL 3

; ---- conforming handlers run at the CPL of the interrupted program, on its stack ----
%macro HANDLER_CONFORMING 3  ; CPL, DPL, type
CHECK int.conforming_type_%3_of_dpl_%2_keeps_cpl_%1, "SDM 3A 5.8.5, 2A INT n"
    IN PM32, %1
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | INT_GATE32
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(%2) | %3, BIG | PAGES_4K
    SET_FLAGS IF
CODE
    int V
.handler:
EXPECT END
WANT cs, SELECTOR | %1
%if %1 == 0
    WANT_PUSHED dword, STACK0_CHECK, START_FLAGS | IF, CS0, .handler
%else
    WANT_PUSHED dword, STACK%1, START_FLAGS | IF, CS%1 | %1, .handler
%endif
WANT_FLAGS 0, IF                    ; the gate clears IF even where IOPL would not let the program
WANT_TYPE SELECTOR, PRESENT | DPL(%2) | %3 | ACCESSED
%endmacro
HANDLER_CONFORMING 3, 0, CODE_CONFORMING
HANDLER_CONFORMING 3, 1, CODE_CONFORMING_R
HANDLER_CONFORMING 3, 2, CODE_CONFORMING
HANDLER_CONFORMING 3, 3, CODE_CONFORMING_R
HANDLER_CONFORMING 2, 0, CODE_CONFORMING
HANDLER_CONFORMING 2, 2, CODE_CONFORMING
HANDLER_CONFORMING 1, 0, CODE_CONFORMING
HANDLER_CONFORMING 0, 0, CODE_CONFORMING

; ---- the same ring, and inner rings ----
%macro HANDLER_SAME 1
CHECK int.same_ring_at_cpl_%1, "SDM 2A INT n"
    IN PM32, %1
    GATE V, CS%1, .handler, PRESENT | DPL(3) | TRAP_GATE32
CODE
    int V
.handler:
EXPECT END
WANT_PUSHED dword, STACK%1, START_FLAGS, CS%1 | %1, .handler
%endmacro
HANDLER_SAME 1
HANDLER_SAME 2
HANDLER_SAME 3

%macro HANDLER_INNER 2  ; from, to
CHECK int.from_cpl_%1_to_cpl_%2, "SDM 2A INT n"
    IN PM32, %1
    GATE V, CS%2, .handler, PRESENT | DPL(3) | TRAP_GATE32
CODE
    int V
.handler:
EXPECT END
WANT cs, CS%2 | %2
WANT ss, DS%2 | %2
WANT_PUSHED dword, STACK%2, DS%1 | %1, STACK%1, START_FLAGS, CS%1 | %1, .handler
%endmacro
HANDLER_INNER 3, 2
HANDLER_INNER 3, 1
HANDLER_INNER 3, 0
HANDLER_INNER 2, 1
HANDLER_INNER 2, 0
HANDLER_INNER 1, 0

CHECK int.accessed_bits_of_handler_and_stack_are_set, "SDM 3A 3.4.5.1"
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(1) | CODE_X, BIG | PAGES_4K
    DESC SELECTOR + 8, 0, 0xfffff, PRESENT | DPL(1) | DATA_RW, BIG | PAGES_4K
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | TRAP_GATE32
    PUT dword [TSS + TSS_SS1], (SELECTOR + 8) | 1
CODE
    int V
.handler:
EXPECT END
WANT cs, SELECTOR | 1
WANT ss, (SELECTOR + 8) | 1
WANT_TYPE SELECTOR, PRESENT | DPL(1) | CODE_X | ACCESSED
WANT_TYPE SELECTOR + 8, PRESENT | DPL(1) | DATA_RW | ACCESSED
WANT_PUSHED dword, STACK1, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .handler

; ================ task gates ================

%macro TASK_GATE_FAULT 4  ; name, selector in the gate, access byte of SELECTOR, fault
CHECK int.task_gate_%1, "SDM 2A INT n TASK-GATE"
    GATE V, %2, 0, PRESENT | DPL(3) | TASK_GATE
    DESC SELECTOR, TSS_A, TSS_SIZE - 1, %3
CODE
    int V
EXPECT %4, (%2) & 0xfffc

CHECK int.task_gate_%1_with_ext, "SDM 2A INT n TASK-GATE, 3A 6.13"
    GATE VECTOR_UD, %2, 0, PRESENT | TASK_GATE
    DESC SELECTOR, TSS_A, TSS_SIZE - 1, %3
CODE
    ud2
EXPECT %4, ((%2) & 0xfffc) + 1

CHECK int.task_gate_%1_of_an_interrupt, "SDM 2A INT n TASK-GATE, 3A 6.13"
    GATE VECTOR_IRQ0, %2, 0, PRESENT | TASK_GATE
    DESC SELECTOR, TSS_A, TSS_SIZE - 1, %3
    SET_FLAGS IF
    REQUEST_IRQ0
CODE
    nop
EXPECT %4, ((%2) & 0xfffc) + 1
WANT_BITS eflags, ~RF
%endmacro
TASK_GATE_FAULT to_null_is_gp, 0, 0, GP
TASK_GATE_FAULT to_the_ldt_is_gp, 8 | TI, 0, GP
TASK_GATE_FAULT beyond_the_gdt_is_gp, GDT_LIMIT + 1, 0, GP
TASK_GATE_FAULT to_data_is_gp, SELECTOR, PRESENT | DATA_RW, GP
TASK_GATE_FAULT to_a_call_gate_is_gp, SELECTOR, PRESENT | CALL_GATE32, GP
TASK_GATE_FAULT to_a_busy_tss_is_gp, SELECTOR, PRESENT | TSS32_BUSY, GP
TASK_GATE_FAULT to_a_busy_tss_not_present_is_gp, SELECTOR, TSS32_BUSY, GP
TASK_GATE_FAULT to_a_tss_not_present_is_np, SELECTOR, TSS32_TYPE, NP

%macro TASK_GATE_LIMIT 3
CHECK int.task_gate_%1, "SDM 3A 7.3"
    GATE %2, SELECTOR, 0, PRESENT | DPL(3) | TASK_GATE
    DESC SELECTOR, TSS_A, TSS_SIZE - 2, PRESENT | TSS32_TYPE
CODE
    db %3
EXPECT TS, SELECTOR + (%2 == VECTOR_UD)
%endmacro
TASK_GATE_LIMIT to_a_tss_of_66h_is_ts, V, {0xcd, V}
TASK_GATE_LIMIT to_a_tss_of_66h_is_ts_with_ext, VECTOR_UD, {0x0f, 0x0b}

; RPL and DPL of the TSS do not count (SDM 3A 6.12.2, 7.2.5); NT and the back link are set.
%macro TASK_GATE_WORKS 3  ; name, CPL, RPL
CHECK int.task_gate_%1, "SDM 3A 6.12.2, 7.3"
    IN PM32, %2
    GATE V, TSS_A_SEL | %3, 0, PRESENT | DPL(3) | TASK_GATE
    START_TASK_A .task
    SET_FLAGS IF
CODE
    int V
.after:
    nop
.task:
EXPECT END
WANT_IN_TASK_A
WANT tr, TSS_A_SEL | %3             ; SDM 3A 7.3: TR is loaded with the selector
WANT_FLAGS NT, 0
WANT_SAVED_TASK .after, START_FLAGS | IF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
%endmacro
TASK_GATE_WORKS from_cpl_3, 3, 0
TASK_GATE_WORKS from_cpl_0, 0, 0
TASK_GATE_WORKS with_an_rpl, 3, 3

CHECK int.task_gate_pushes_the_error_code_on_the_new_stack, "SDM 2A INT n TASK-GATE"
    GATE VECTOR_GP, TSS_A_SEL, 0, PRESENT | TASK_GATE
    START_TASK_A .task
CODE
    hlt
.task:
EXPECT END
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_PUSHED dword, STACK0_CHECK, 0
WANT_SAVED_TASK .code, START_FLAGS | RF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_ANY TSS + TSS_EFLAGS + 2, 1    ; RF: the first check of this ROM has it

; A fault of the delivery from virtual-8086 mode in the stack of ring 0, seen through a task gate
CHECK int.v86_without_a_stack_has_ext, "SDM 2A INT n, 3A 6.13"
    IN V86
    GATE VECTOR_TS, TSS_A_SEL, 0, PRESENT | TASK_GATE
    START_TASK_A .task
    PUT dword [TSS + TSS_SS0], 0
CODE
    ud2
    bits 32
.task:
EXPECT LANDED, .task
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_PUSHED dword, STACK0_CHECK, 1
WANT_SAVED_TASK OFF16(.code), START_FLAGS | VM | RF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_ANY TSS + TSS_EFLAGS + 2, 1

END_OF_CHECKS
