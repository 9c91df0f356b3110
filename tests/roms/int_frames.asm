; Delivery through the IDT, second part: stacks, flags, frames, virtual-8086 and real-address mode. SDM 2A INT n/INTO/INT 3, 3A 6.10 to 6.13, 6.15.
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

; ================ the stack switch ================
; The room on a stack is looked at as a whole before anything is written (SDM 2A INT n: "new stack does not have room for
; 24 bytes (error code pushed) or 20 bytes"), so a stack that is too short stays as it is, and this comes before the offset.
; To ring 1, so that the fault itself finds a good stack in ring 0.

%macro STACK_FAULT 3  ; name, fault, error code; the set-up follows
CHECK int.%1, "SDM 2A INT n, 3A 6.12.1"
    GATE V, CS1, .handler, PRESENT | DPL(3) | INT_GATE32
    %define stack_fault %2
    %define stack_error %3
%endmacro
%macro STACK_FAULT_END 0
CODE
    int V
.handler:
EXPECT stack_fault, stack_error
%endmacro

; TSS with another limit
%macro TSS_WITH_LIMIT 1
    mov word [GDT + TSS_SEL], %1
    mov byte [GDT + TSS_SEL + 5], PRESENT | TSS32_TYPE
    mov ax, TSS_SEL
    ltr ax
%endmacro

STACK_FAULT tss_without_ss1_is_ts, TS, TSS_SEL
    TSS_WITH_LIMIT TSS_SS1 - 1
STACK_FAULT_END
STACK_FAULT tss_without_esp1_is_ts, TS, TSS_SEL
    TSS_WITH_LIMIT TSS_SS0 + 3
STACK_FAULT_END
STACK_FAULT tss_with_half_of_ss1_is_ts, TS, TSS_SEL
    TSS_WITH_LIMIT TSS_SS1
STACK_FAULT_END

%macro STACK_NULL 1
STACK_FAULT ss_null_with_rpl_%1_is_ts_0, TS, 0
    DESC 0, 0, 0xfffff, PRESENT | DPL(1) | DATA_RW, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], %1
STACK_FAULT_END
%endmacro
STACK_NULL 0
STACK_NULL 1
STACK_NULL 2
STACK_NULL 3

%macro STACK_SELECTOR 3
STACK_FAULT %1, %3, (%2) & 0xfffc
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(1) | DATA_RW, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], %2
STACK_FAULT_END
%endmacro
STACK_SELECTOR ss_with_rpl_0_is_ts, SELECTOR, TS
STACK_SELECTOR ss_with_rpl_2_is_ts, SELECTOR | 2, TS
STACK_SELECTOR ss_with_rpl_3_is_ts, SELECTOR | 3, TS
STACK_SELECTOR ss_beyond_the_gdt_is_ts, GDT_LIMIT + 1 | 1, TS
STACK_SELECTOR ss_beyond_the_ldt_is_ts, LDT_LIMIT + 1 | TI | 1, TS

%macro STACK_DESCRIPTOR 4
STACK_FAULT %1, %3, SELECTOR
    DESC SELECTOR, 0, 0xfffff, %2, %4
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
STACK_FAULT_END
%endmacro
STACK_DESCRIPTOR ss_of_dpl_0_is_ts, PRESENT | DPL(0) | DATA_RW, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_of_dpl_2_is_ts, PRESENT | DPL(2) | DATA_RW, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_of_dpl_3_is_ts, PRESENT | DPL(3) | DATA_RW, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_read_only_is_ts, PRESENT | DPL(1) | DATA_R, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_read_only_expand_down_is_ts, PRESENT | DPL(1) | DATA_DOWN_R, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_code_is_ts, PRESENT | DPL(1) | CODE_XR, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_conforming_code_is_ts, PRESENT | DPL(1) | CODE_CONFORMING_R, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_system_type_2_is_ts, PRESENT | DPL(1) | LDT_TYPE, TS, 0
STACK_DESCRIPTOR ss_system_type_0_is_ts, PRESENT | DPL(1), TS, 0
STACK_DESCRIPTOR ss_not_present_is_ss, DPL(1) | DATA_RW, SS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_type_comes_before_presence, DPL(1) | DATA_R, TS, BIG | PAGES_4K
STACK_DESCRIPTOR ss_dpl_comes_before_presence, DPL(0) | DATA_RW, TS, BIG | PAGES_4K

STACK_FAULT ss_limit_19_bytes_is_ss, SS, SELECTOR
    DESC SELECTOR, STACK1 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(1) | DATA_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], 19
STACK_FAULT_END

STACK_FAULT ss_limit_exceeded_upwards_is_ss, SS, SELECTOR
    DESC SELECTOR, STACK1 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(1) | DATA_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], STACK_SIZE + 1
STACK_FAULT_END

STACK_FAULT ss_expand_down_limit_is_ss, SS, SELECTOR
    DESC SELECTOR, 0, STACK1 - 20, PRESENT | DPL(1) | DATA_DOWN_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
STACK_FAULT_END

STACK_FAULT no_room_comes_before_the_offset, SS, SELECTOR
    DESC SELECTOR, STACK1 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(1) | DATA_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], 16
    DESC SELECTOR + 8, 0, TRAPS + 0xff, PRESENT | DPL(1) | CODE_XR | ACCESSED, BIG
    GATE V, SELECTOR + 8, TRAPS + 0x100, PRESENT | DPL(3) | INT_GATE32
STACK_FAULT_END

%macro STACK_FITS 4
CHECK int.%1, "SDM 2A INT n"
    GATE V, CS1, .handler, PRESENT | DPL(3) | INT_GATE32
    DESC SELECTOR, %2, PRESENT | DPL(1) | %3 | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], %4
CODE
    int V
.handler:
EXPECT END
WANT cs, CS1 | 1
WANT ss, SELECTOR | 1
WANT_PUSHED dword, STACK1 - STACK_SIZE + 20, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .handler
WANT esp, %4 - 20
%endmacro
STACK_FITS twenty_bytes_fit, {STACK1 - STACK_SIZE, STACK_SIZE - 1}, DATA_RW, 20
STACK_FITS twenty_bytes_fit_expand_down, {0, STACK1 - STACK_SIZE - 1}, DATA_DOWN_RW, STACK1 - STACK_SIZE + 20

; ---- EXT in the errors of the stack switch ----
%macro STACK_EXT 4  ; name, fault, error, new SS
CHECK int.%1, "SDM 3A 6.13"
    GATE VECTOR_UD, CS1, .handler, PRESENT | INT_GATE32
    DESC SELECTOR, 0, 0xfffff, DPL(1) | DATA_RW, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], %4
CODE
    ud2
.handler:
EXPECT %2, %3
%endmacro
STACK_EXT ss_null_with_ext, TS, 1, 0
STACK_EXT ss_rpl_with_ext, TS, SELECTOR + 1, SELECTOR
STACK_EXT ss_not_present_with_ext, SS, SELECTOR + 1, SELECTOR | 1

; ---- 16-bit stacks and TSS ----
CHECK int.stack_of_64k_wraps_in_16_bits, "SDM 3A 5.8.5"
    DESC SELECTOR, STACK1 - STACK_SIZE, 0xffff, PRESENT | DPL(1) | DATA_RW | ACCESSED
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], 0x12340000 | STACK_SIZE
    GATE V, CS1, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT END
WANT cs, CS1 | 1
WANT ss, SELECTOR | 1
WANT_PUSHED dword, STACK1, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .handler
WANT_BITS esp, 0xffff               ; SDM 1 6.2.3: SP is what a 16-bit stack uses
WANT esp, STACK_SIZE - 20

%macro TSS16_LIMIT 2
CHECK int.tss_of_16_bits_%1, "SDM 2A INT n"
    mov word [GDT + TSS16_A_SEL], %2
    PUT word [TSS16_A + 2], STACK0
    PUT word [TSS16_A + 4], DS0
    PUT word [TSS16_A + 6], STACK1
    PUT word [TSS16_A + 8], DS1 | 1
    mov ax, TSS16_A_SEL
    ltr ax
    GATE V, CS1, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
%endmacro
TSS16_LIMIT gives_ss_sp, 43
EXPECT END
WANT cs, CS1 | 1
WANT ss, DS1 | 1
WANT_PUSHED dword, STACK1, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .handler
TSS16_LIMIT without_ss1_is_ts, 7
EXPECT TS, TSS16_A_SEL
TSS16_LIMIT with_all_of_ss1_is_enough, 9
EXPECT END
WANT cs, CS1 | 1
WANT ss, DS1 | 1
WANT_PUSHED dword, STACK1, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .handler

; ================ the offset ================

%macro OFFSET_CHECK 4  ; name, DPL of the handler, limit, offset
CHECK int.%1, "SDM 2A INT n"
    PAGING P32                      ; who goes there all the same finds a trap or no page
    DESC SELECTOR, 0, %3, PRESENT | DPL(%2) | CODE_XR | ACCESSED, BIG
    GATE V, SELECTOR, %4, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
EXPECT GP, 0
%endmacro
OFFSET_CHECK offset_beyond_the_limit_of_ring_0_is_gp, 0, TRAPS + 0xff, TRAPS + 0x100
OFFSET_CHECK offset_beyond_the_limit_of_ring_1_is_gp, 1, TRAPS + 0xff, TRAPS + 0x100
OFFSET_CHECK offset_beyond_the_limit_of_the_same_ring_is_gp, 3, TRAPS + 0xff, TRAPS + 0x100
OFFSET_CHECK offset_far_beyond_the_limit_is_gp, 0, 0xffff, 0xfffff000 | TRAPS

CHECK int.offset_beyond_the_limit_with_ext, "SDM 2A INT n"
    DESC SELECTOR, 0, TRAPS + 0xff, PRESENT | CODE_XR | ACCESSED, BIG
    GATE VECTOR_UD, SELECTOR, TRAPS + 0x100, PRESENT | INT_GATE32
CODE
    ud2
EXPECT GP, 1

CHECK int.offset_at_the_limit_is_entered, "SDM 2A INT n"
    DESC SELECTOR, 0, TRAPS + 0xff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    GATE V, SELECTOR, TRAPS + 0xff, PRESENT | DPL(3) | INT_GATE32
    PUT byte [TRAPS + 0xff], 0x90
CODE
    int V
.handler:
EXPECT GP, 0                        ; of the next fetch
WANT cs, SELECTOR | 3
WANT eip, TRAPS + 0x100
WANT_PUSHED dword, STACK3, START_FLAGS, CS3 | 3, .handler

; ---- no room on the same stack ----
%macro SAME_STACK 3
CHECK int.same_stack_%1, "SDM 2A INT n"
    DESC SELECTOR, STACK3 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG
    SET ss, SELECTOR | 3
    SET esp, %2
    GATE V, CS3, .handler, PRESENT | DPL(3) | %3
CODE
    int V
.handler:
%endmacro
SAME_STACK with_11_bytes_is_ss, 11, INT_GATE32
EXPECT SS, 0
SAME_STACK with_8_bytes_is_ss, 8, INT_GATE32
EXPECT SS, 0
SAME_STACK with_12_bytes_is_enough, 12, INT_GATE32
EXPECT END
WANT_PUSHED dword, STACK3 - STACK_SIZE + 12, START_FLAGS, CS3 | 3, .handler
WANT esp, 0
SAME_STACK with_5_bytes_is_ss_for_16_bits, 5, INT_GATE16
EXPECT SS, 0

; The same for an exception, with EXT
CHECK int.same_stack_too_small_for_an_exception, "SDM 2A INT n, 3A 6.13"
    DESC SELECTOR, STACK3 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG
    SET ss, SELECTOR | 3
    SET esp, 8
    GATE VECTOR_UD, CS3, .handler, PRESENT | INT_GATE32
CODE
    ud2
.handler:
    hlt
EXPECT SS, 1

; ================ flags ================

%macro INT_FLAGS 5  ; name, gate, flags before, flags kept, CPL
CHECK int.%1_at_cpl_%5, "SDM 2A INT n, 3A 6.12.1.3"
    IN PM32, %5
    GATE V, CS0, .handler, PRESENT | DPL(3) | %2
    SET eflags, 2 | (%3)
CODE
    int V
.handler:
EXPECT END
%if %5
    WANT_INNER 2 | ((%3) & ~RF), .handler
%else
    WANT_PUSHED dword, STACK0_CHECK, 2 | ((%3) & ~RF), CS0, .handler
%endif
WANT eflags, 2 | (%4)
%endmacro
%macro INT_FLAGS_BOTH 4
    INT_FLAGS %1, %2, %3, %4, 3
    INT_FLAGS %1, %2, %3, %4, 0
%endmacro
%define ALL_STATUS CF | PF | AF | ZF | SF | OF
INT_FLAGS_BOTH interrupt_gate_clears_if, INT_GATE32, IF, 0
INT_FLAGS_BOTH trap_gate_keeps_if, TRAP_GATE32, IF, IF
INT_FLAGS_BOTH interrupt_gate_clears_nt, INT_GATE32, NT, 0
INT_FLAGS_BOTH trap_gate_clears_nt, TRAP_GATE32, NT, 0
INT_FLAGS_BOTH interrupt_gate_clears_tf_without_a_trap, INT_GATE32, TF, 0
INT_FLAGS_BOTH trap_gate_clears_tf_without_a_trap, TRAP_GATE32, TF, 0
INT_FLAGS_BOTH status_flags_are_kept, INT_GATE32, ALL_STATUS, ALL_STATUS
INT_FLAGS_BOTH df_is_kept, INT_GATE32, DF, DF
INT_FLAGS_BOTH iopl_is_kept, INT_GATE32, IOPL(2), IOPL(2)
INT_FLAGS_BOTH iopl_3_lets_cpl_3_keep_what_it_had, TRAP_GATE32, IOPL(3) | IF, IOPL(3) | IF
INT_FLAGS_BOTH all_at_once, TRAP_GATE32, ALL_STATUS | DF | IF | IOPL(1) | NT | TF, ALL_STATUS | DF | IF | IOPL(1)

%macro INT_FLAG_FEATURE 4
CHECK int.%1_is_kept, "SDM 2A INT n"
    NEEDS %2
    GATE V, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS %3
CODE
    int V
.handler:
EXPECT END
WANT_INNER START_FLAGS | %3, .handler
%endmacro
INT_FLAG_FEATURE ac, I486, AC, 0
INT_FLAG_FEATURE id, CPUID, ID, 0
INT_FLAG_FEATURE vif, VME, VIF, 0
INT_FLAG_FEATURE vip, VME, VIP, 0

; RF of the interrupted program is not the handler's: a breakpoint on its first instruction is seen.
CHECK int.rf_is_cleared_for_the_handler, "SDM 2A INT n, 3B 17.3.1.1"
    IN PM32, 0
    REQUEST_IRQ0
    GATE VECTOR_IRQ0, CS0, .handler, PRESENT | INT_GATE32
    DEBUG_REGISTER 0, .handler
    SET dr7, DR7_START | 2
    PUSHED dword, STACK0_CHECK, START_FLAGS | IF | RF, CS0, .interrupted
CODE
    iretd
.interrupted:
    nop
.handler:
    nop
EXPECT DB
WANT eip, .handler
WANT dr6, DR6_START | 1
WANT_PUSHED dword, STACK0_CHECK, START_FLAGS | IF | RF, CS0, .interrupted

; ================ 16-bit gates ================

%macro GATE16_INNER 2
CHECK int.%1_of_16_bits_to_ring_0, "SDM 2A INT n, 3A 6.12.1"
    GATE V, CODE16_0, OFF16(.handler), PRESENT | DPL(3) | %2
    mov dword [TSS + TSS_SS0], DATA16_0
    SET_FLAGS IF
    SET esp, 0x12340000 | STACK3
    SET ss, DATA16_3 | 3
CODE
    int V
    bits 16
.handler:
EXPECT LANDED, OFF16(.handler)
WANT cs, CODE16_0
WANT ss, DATA16_0
WANT_PUSHED word, STACK0, DATA16_3 | 3, STACK3, START_FLAGS | IF, CS3 | 3, ADDR(.handler) & 0xffff
%if %2 == INT_GATE16
    WANT_FLAGS 0, IF
%endif
%endmacro
GATE16_INNER interrupt_gate, INT_GATE16
GATE16_INNER trap_gate, TRAP_GATE16

CHECK int.gate_of_16_bits_to_a_32_bit_segment_takes_a_16_bit_offset, "SDM 3A 5.8.3"
    PAGING P32                      ; who takes 32 bits finds no page there
    GATE V, CS0, 0xabcd0000 | TRAPS, PRESENT | DPL(3) | INT_GATE16
CODE
    int V
.after:
EXPECT LANDED, TRAPS
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED word, STACK0, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, ADDR(.after) & 0xffff

CHECK int.gate_of_32_bits_to_a_16_bit_segment_pushes_32_bits, "SDM 2A INT n"
    IN PM16, 3
    GATE V, CODE16_0, OFF16(.handler), PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT END
WANT cs, CODE16_0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DATA16_3 | 3, STACK3, START_FLAGS, CODE16_3 | 3, OFF16(.handler)

CHECK int.gate_of_16_bits_same_ring, "SDM 2A INT n"
    IN PM16, 0
    GATE V, CODE16_0, OFF16(.handler), PRESENT | INT_GATE16
    SET_FLAGS NT
CODE
    int V
.handler:
EXPECT END
WANT_PUSHED word, STACK0_CHECK, START_FLAGS | NT, CODE16_0, OFF16(.handler)
WANT_FLAGS 0, NT

STACK_FAULT room_for_9_bytes_is_ss_for_16_bits, SS, SELECTOR
    DESC SELECTOR, STACK1 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(1) | DATA_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], 9
    GATE V, CODE16_1, 0, PRESENT | DPL(3) | INT_GATE16
STACK_FAULT_END

; ================ error codes ================

; Software interrupts push none, whatever the vector (SDM 3A 6.13, 2A INT n).
%macro NO_ERROR_CODE 1
CHECK int.int_%1_pushes_no_error_code, "SDM 2A INT n"
    GATE %1, CS0, .handler, PRESENT | DPL(3) | TRAP_GATE32
CODE
    int %1
.handler:
EXPECT END
WANT_INNER START_FLAGS, .handler
%endmacro
NO_ERROR_CODE 8
NO_ERROR_CODE 10
NO_ERROR_CODE 11
NO_ERROR_CODE 12
NO_ERROR_CODE 13
NO_ERROR_CODE 14
NO_ERROR_CODE 17

CHECK int.exception_through_a_16_bit_gate_pushes_a_word_of_error_code, "SDM 2A INT n"
    GATE VECTOR_NP, CODE16_0, OFF16(.handler), PRESENT | INT_GATE16
    DESC SELECTOR, 0, 0, DPL(3) | DATA_RW
    SET eax, SELECTOR | 3
CODE
    mov es, ax
    bits 16
.handler:
EXPECT LANDED, OFF16(.handler)
WANT cs, CODE16_0
WANT ss, DS0
WANT_PUSHED word, STACK0, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, ADDR(.code) & 0xffff, SELECTOR

CHECK int.exception_pushes_a_dword_of_error_code, "SDM 2A INT n, 3A 6.13"
    GATE VECTOR_NP, CS0, .handler, PRESENT | INT_GATE32
    DESC SELECTOR, 0, 0, DPL(3) | DATA_RW
    SET eax, SELECTOR | 3
CODE
    mov es, ax
.handler:
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | RF, CS3 | 3, .code, SELECTOR
cmp byte [rf_missing], 0
je .rf_there
WANT_MEMORY dword, STACK0 - 12, START_FLAGS
.rf_there:

CHECK int.room_without_the_error_code_is_not_enough, "SDM 2A INT n"
    GATE VECTOR_UD, CS0, .handler, PRESENT | INT_GATE32
    GATE VECTOR_NP, CS1, .handler, PRESENT | INT_GATE32
    DESC SELECTOR, STACK1 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(1) | DATA_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], SELECTOR | 1
    PUT dword [TSS + TSS_ESP1], 23
    DESC SELECTOR + 8, 0, 0, DPL(3) | DATA_RW
    SET eax, (SELECTOR + 8) | 3
CODE
    mov es, ax
.handler:
EXPECT DF, 0                        ; #NP, then #SS: both contributory

; ================ virtual-8086 mode ================

%macro V86_INT 3  ; name, bytes, vector
CHECK int.v86_%1_pushes_the_segments_and_clears_them, "SDM 3B 20.3.1.1"
    IN V86
    SET_FLAGS IOPL(3) | IF | OF
    GATE %3, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    db %2
.handler:
EXPECT LANDED, .handler
WANT cs, CS0
WANT ss, DS0
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0
WANT_PUSHED dword, STACK0, WATCH_END >> 4, DATA2 >> 4, DATA >> 4, DATA >> 4, 0, STACK3, START_FLAGS | VM | IOPL(3) | IF | OF, ROM_BASE >> 4, OFF16(.handler)
WANT_FLAGS 0, VM | IF
%endmacro
V86_INT int_n, {0xcd, V}, V
V86_INT int3, 0xcc, VECTOR_BP
V86_INT into, 0xce, VECTOR_OF

%macro V86_HANDLER 3  ; name, access byte, flags
CHECK int.v86_handler_%1_is_gp, "SDM 2A INT n, 3B 20.3.1.1"
    IN V86
    SET_FLAGS IOPL(3)
    DESC SELECTOR, 0, 0xfffff, %2, BIG | PAGES_4K
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | %3
CODE
    int V
.handler:
EXPECT GP, SELECTOR
%endmacro
V86_HANDLER of_dpl_1, PRESENT | DPL(1) | CODE_XR, INT_GATE32
V86_HANDLER of_dpl_2, PRESENT | DPL(2) | CODE_XR, TRAP_GATE32
V86_HANDLER of_dpl_3, PRESENT | DPL(3) | CODE_XR, INT_GATE32
V86_HANDLER conforming_of_dpl_0, PRESENT | CODE_CONFORMING_R, INT_GATE32
V86_HANDLER conforming_of_dpl_3, PRESENT | DPL(3) | CODE_CONFORMING_R, INT_GATE32

CHECK int.v86_handler_of_dpl_1_with_ext, "SDM 2A INT n"
    IN V86
    GATE VECTOR_UD, CS1, .handler, PRESENT | INT_GATE32
CODE
    ud2
.handler:
EXPECT GP, CS1 + 1

%macro V86_IOPL 1
CHECK int.v86_int_n_with_iopl_%1_is_gp, "SDM 3B 20.2.7"
    IN V86
    SET_FLAGS IOPL(%1)
    GATE V, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT GP, 0

CHECK int.v86_int3_with_iopl_%1_is_delivered, "SDM 3B 20.2.7"
    IN V86
    SET_FLAGS IOPL(%1)
    GATE VECTOR_BP, CS0, stray, PRESENT | DPL(3) | INT_GATE32
CODE
    int3
.after:
EXPECT LANDED, stray
WANT cs, CS0
WANT ss, DS0
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0
WANT_PUSHED dword, STACK0, WATCH_END >> 4, DATA2 >> 4, DATA >> 4, DATA >> 4, 0, STACK3, START_FLAGS | VM | IOPL(%1), ROM_BASE >> 4, OFF16(.after)
WANT_FLAGS 0, VM
%endmacro
V86_IOPL 0
V86_IOPL 1
V86_IOPL 2

CHECK int.v86_int3_obeys_the_gate_dpl, "SDM 3A 6.12.1.2"
    IN V86
CODE
    int3
EXPECT GP, VECTOR_BP * 8 + 2

CHECK int.v86_int1_ignores_the_gate_dpl, "SDM 3A 6.12.1.2"
    IN V86
CODE
    db 0xf1
EXPECT DB

CHECK int.v86_through_a_16_bit_gate, "SDM 2A INT n"
    IN V86
    SET_FLAGS IOPL(3)
    GATE V, CODE16_0, OFF16(.handler), PRESENT | DPL(3) | TRAP_GATE16
CODE
    int V
.handler:
EXPECT END
WANT cs, CODE16_0
WANT ss, DS0
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0
WANT_PUSHED word, STACK0, WATCH_END >> 4, DATA2 >> 4, DATA >> 4, DATA >> 4, 0, STACK3, START_FLAGS | IOPL(3), ROM_BASE >> 4, OFF16(.handler)
WANT_FLAGS 0, VM

; ================ supervisor accesses ================
; SDM 3A 4.6: GDT, LDT, IDT and TSS are read and written as a supervisor, from CPL 3 too.

%macro TABLES_OF_SUPERVISOR 1
CHECK int.tables_on_supervisor_pages_%1, "SDM 3A 4.6"
    PAGING %1
    %ifidni %1, PAE
        and dword [PAE_PT + 4 * 8], ~PTE_U
        and dword [PAE_PT + 5 * 8], ~PTE_U
    %else
        and dword [PT + 4 * 4], ~PTE_U
        and dword [PT + 5 * 4], ~PTE_U
    %endif
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(0) | CODE_XR, BIG | PAGES_4K
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT END
WANT_INNER START_FLAGS, .handler
WANT cs, SELECTOR
WANT_TYPE SELECTOR, PRESENT | CODE_XR | ACCESSED
%endmacro
TABLES_OF_SUPERVISOR P32
TABLES_OF_SUPERVISOR PAE

CHECK int.new_stack_on_a_supervisor_page, "SDM 3A 4.6"
    PAGING P32
    and dword [PT + 6 * 4], ~PTE_U
    GATE V, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT END
WANT_INNER START_FLAGS, .handler

; The accessed bit that cannot be written: a supervisor write to a page that is there, before anything is pushed.
CHECK int.accessed_bit_on_a_read_only_page, "SDM 3A 3.4.5.1, 4.6, 4.7"
    PAGING P32
    NEEDS I486
    SET_CR0 CR0_WP
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
    PUT dword [PT_WINDOW], FRAME_A | PTE_P | PTE_A
    PUT dword [FRAME_A + 8], 0x0000ffff
    PUT dword [FRAME_A + 12], 0x00cf0000 | (PRESENT | DPL(1) | DATA_RW) << 8
    DESC LDT_SEL, WINDOW, 0xfff, PRESENT | LDT_TYPE
    mov ax, LDT_SEL
    lldt ax
    PUT dword [TSS + TSS_SS1], 8 | TI | 1
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(1) | CODE_XR, BIG | PAGES_4K
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int V
.handler:
EXPECT PF, 3
WANT cr2, WINDOW + 8
WANT_ANY GDT + SELECTOR + 5, 1      ; SDM 3A 3.4.5.1 does not say when it is set
WANT_BITS cr2, ~7                   ; where in the descriptor the write begins is not said

; A page fault of the delivery itself, on the stack of ring 1: a supervisor write, nothing else changed.
CHECK int.new_stack_not_mapped_is_a_page_fault, "SDM 3A 4.7"
    PAGING P32
    GATE V, CS1, .handler, PRESENT | DPL(3) | INT_GATE32
    PUT dword [TSS + TSS_ESP1], WINDOW + 0x1000
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
CODE
    int V
.handler:
EXPECT PF, 2
WANT cr2, WINDOW + 0xffc
WANT_BITS cr2, 0xffffffe0           ; any byte of the frame

CHECK int.idt_on_an_absent_page_is_a_page_fault, "SDM 3A 4.7"
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
    PUT dword [PT_WINDOW], IDT & ~0xfff | PTE_P | PTE_A ; read-only, no user: fine for reading
    SET idtbase, WINDOW + 0x1000 - V * 8
    SET idtlimit, V * 8 + 7
    mov esi, IDT                    ; the vectors below V are there, V is on the next page
    mov edi, FRAME_A + 0x1000 - V * 8
    mov ecx, V * 2
    rep movsd
    PUT dword [PT_WINDOW], FRAME_A | PTE_P | PTE_A
CODE
    int V
EXPECT PF, 0
WANT cr2, WINDOW + 0x1000
WANT_BITS cr2, ~7                   ; either half of the gate

; ================ real-address mode ================

%macro REAL_INT 3
CHECK int.real_mode_%1, "SDM 2A INT n, 3B 20.1.4"
    IN REAL
    VECTOR16 %3, ROM_BASE >> 4, OFF16(.handler)
    SET eflags, 2 | ALL_STATUS | DF | IF | NT | IOPL(2)
CODE
    db %2
.after:
    nop
.handler:
EXPECT END
WANT_PUSHED word, STACK0_CHECK, 2 | ALL_STATUS | DF | IF | NT | IOPL(2), ROM_BASE >> 4, OFF16(.after)
WANT_FLAGS 0, IF
%endmacro
REAL_INT int_n, {0xcd, V}, V
REAL_INT int3, 0xcc, VECTOR_BP
REAL_INT into, 0xce, VECTOR_OF
REAL_INT int1, 0xf1, VECTOR_DB
REAL_INT int_13_pushes_no_error_code, {0xcd, 13}, 13

CHECK int.real_mode_clears_tf_without_a_trap, "SDM 2A INT n"
    IN REAL
    VECTOR16 V, ROM_BASE >> 4, OFF16(.handler)
    SET_FLAGS TF
CODE
    int V
.handler:
    nop
EXPECT END
WANT_PUSHED word, STACK0_CHECK, START_FLAGS | TF, ROM_BASE >> 4, OFF16(.handler)
WANT_FLAGS 0, TF

CHECK int.real_mode_clears_ac, "SDM 2A INT n"
    IN REAL
    NEEDS I486
    VECTOR16 V, ROM_BASE >> 4, OFF16(.handler)
    SET_FLAGS AC
CODE
    int V
.handler:
    pushfd
    pop eax
    and eax, AC
EXPECT END
WANT eax, 0
WANT_MEMORY dword, STACK0_CHECK - 10, 0 ; PUSHFD's
WANT_PUSHED word, STACK0_CHECK, START_FLAGS, ROM_BASE >> 4, OFF16(.handler)
WANT_ANY STACK0_CHECK - 10, 4
WANT eflags, 2 | ZF | PF
WANT_BITS eflags, 0xffff & ~AF

CHECK int.real_mode_idt_limit, "SDM 2A INT n"
    IN REAL
    SET idtlimit, V * 4 + 2
CODE
    int V
EXPECT GP

CHECK int.real_mode_idt_limit_of_the_last_byte, "SDM 2A INT n"
    IN REAL
    SET idtlimit, V * 4 + 3
    VECTOR16 V, ROM_BASE >> 4, OFF16(.handler)
CODE
    int V
.handler:
EXPECT END
WANT_PUSHED word, STACK0_CHECK, START_FLAGS, ROM_BASE >> 4, OFF16(.handler)

CHECK int.real_mode_idt_base_is_used, "SDM 3A 20.1.4"
    IN REAL
    SET idtbase, DATA2
    PUT dword [DATA2 + V * 4], (ROM_BASE >> 4 << 16) | OFF16(.handler)
    mov esi, VECTOR_UD * 4
    mov eax, [esi]
    mov [DATA2 + VECTOR_UD * 4], eax
CODE
    int V
.handler:
EXPECT END
WANT_PUSHED word, STACK0_CHECK, START_FLAGS, ROM_BASE >> 4, OFF16(.handler)

CHECK int.real_mode_exception_pushes_no_error_code, "SDM 3B 20.1.4"
    IN REAL
CODE
    mov eax, [0xfffd]               ; beyond the limit FFFFh
EXPECT GP

; SDM 2A INT n: "if stack not large enough for a 6-byte return information": #SS, which finds no stack either.
CHECK int.real_mode_without_stack_shuts_down, "SDM 2A INT n"
    IN REAL
CODE
    mov sp, 1
    int V
EXPECT RESET

; ================ nothing changed by a fault in delivery ================

CHECK int.fault_leaves_flags_and_stack, "SDM 3A 6.5"
    IN PM32, 3
    GATE V, SELECTOR, 0, PRESENT | DPL(3) | INT_GATE32
    DESC SELECTOR, 0, 0xfffff, CODE_XR, BIG | PAGES_4K
    SET eflags, 2 | ALL_STATUS | DF | IF | NT | IOPL(1)
CODE
    int V
EXPECT NP, SELECTOR

CHECK int.accessed_bit_waits_for_the_last_check, "SDM 2A INT n"
    GATE V, SELECTOR, .handler, PRESENT | DPL(3) | INT_GATE32
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(1) | CODE_XR, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], 0
CODE
    int V
.handler:
EXPECT TS, 0
WANT_ANY GDT + SELECTOR + 5, 1      ; SDM 3A 3.4.5.1 does not say when it is set

END_OF_CHECKS
